/// Requests over HTTP to one host, by a few connections that are kept: one request at a time on each.
///
/// A request that changes something is sent once. Where it may have left and has no answer, that is what is told; only
/// what merely asks goes out again by itself, when a kept connection turns out to be over.
///
/// Pure but for the network that is handed in. Owner: one thread.
package final class RestLine {
  package struct Settings: Sendable {
    /// From being handed over to the answer.
    package var patienceNanoseconds: Int64 = 10_000_000_000
    /// A kept connection is left before venues leave it: a request that crosses its end has no known outcome.
    package var idleNanoseconds: Int64 = 15_000_000_000
    package var connectionMax = 2
    package var backoff: Backoff

    package init(_ backoff: Backoff) { self.backoff = backoff }
  }

  package enum Event: Equatable, Sendable {
    case answered(UInt64, HTTPResponse)
    /// No answer, and why. `mayHaveLeft`: the venue may have carried it out.
    case failed(UInt64, mayHaveLeft: Bool, String)
  }

  private struct Job {
    var number: UInt64
    var request: HTTPRequest
    var isRepeatable: Bool
    var deadline: EngineTime
    /// It may not leave after this.
    var sendBy: EngineTime
    var isUrgent: Bool
    var wasRepeated = false
  }

  private final class Wire {
    let number: UInt32
    var reader = HTTPResponseReader()
    var isOpen = false
    var job: Job?
    var isReused = false
    var since: EngineTime

    init(_ number: UInt32, _ now: EngineTime) {
      self.number = number
      since = now
    }
  }

  private let host: WireHost
  private let line: UInt32
  private let settings: Settings
  private var backoff: Backoff
  private var random: SplitMix64
  private var wires: [Wire] = []
  private var jobs: [Job] = []
  private var events = WaitingLine<Event>()
  private var numbers: UInt32 = 0
  private var mayOpenAt: EngineTime
  private var out = ByteBuffer(capacity: 2_048)
  /// The last attempt to connect did not come up, and nothing was answered since.
  package private(set) var isFailing = false
  /// Why the last connection ended, or did not come up; empty until one has.
  package private(set) var lastEnd = ""

  package init(_ host: WireHost, line: UInt32, settings: Settings, seed: SplitMix64, now: EngineTime) {
    precondition(line < 1 << 12, "lines have small numbers")
    self.host = host
    self.line = line
    self.settings = settings
    backoff = settings.backoff
    random = seed
    mayOpenAt = now
  }

  package func owns(_ wire: UInt32) -> Bool { wire >> SocketLine.lineShift == line }

  /// Requests that have no answer yet.
  package var pendingCount: Int { jobs.count + wires.count { $0.job != nil } }

  package var nextDue: EngineTime {
    if !events.isEmpty { return .zero }
    var due = EngineTime.never
    for job in jobs { due = min(due, job.deadline, job.sendBy.advanced(byNanoseconds: 1)) }
    if wantsWire { due = min(due, mayOpenAt) }
    for wire in wires { due = min(due, wire.job?.deadline ?? end(of: wire)) }
    return due
  }

  /// Hands a request over under the caller's number. Whoever is urgent goes before all that are not. What has not
  /// left by `sendBy` does not.
  package func submit(
    _ request: HTTPRequest, number: UInt64, isRepeatable: Bool, isUrgent: Bool = false, sendBy: EngineTime = .never,
    now: EngineTime
  ) {
    var request = request
    request.fields.insert(HTTPField(name: "host", value: host.authority), at: 0)
    let job = Job(
      number: number, request: request, isRepeatable: isRepeatable,
      deadline: now.advanced(byNanoseconds: settings.patienceNanoseconds), sendBy: sendBy, isUrgent: isUrgent)
    jobs.insert(job, at: isUrgent ? jobs.firstIndex { !$0.isUrgent } ?? jobs.count : jobs.count)
  }

  // MARK: Turns

  package func take<Network: WireNetwork & ~Copyable>(_ news: WireNews, _ network: inout Network, now: EngineTime) {
    switch news {
    case .opened(let number):
      guard let wire = find(number) else { return }
      wire.isOpen = true
      isFailing = false
      wire.since = now
      backoff.succeed(at: now)
    case .readable(let number): if let wire = find(number) { read(wire, &network, now) }
    case .ended(let number, let reason):
      guard let wire = find(number) else { return }
      if let last = try? wire.reader.end(), let job = wire.job {
        wire.job = nil
        events.push(.answered(job.number, last))
      }
      lose(wire, reason, now)
    }
  }

  package func next<Network: WireNetwork & ~Copyable>(_ network: inout Network, now: EngineTime) -> Event? {
    if let event = events.pop() { return event }
    expire(&network, now)
    send(&network, now)
    return events.pop()
  }

  private func find(_ number: UInt32) -> Wire? { wires.first { $0.number == number } }

  private func end(of wire: Wire) -> EngineTime {
    wire.since.advanced(byNanoseconds: wire.isOpen ? settings.idleNanoseconds : settings.patienceNanoseconds)
  }

  /// More wait than connections are on their way, and another one may be had.
  private var wantsWire: Bool { jobs.count > wires.count { !$0.isOpen } && wires.count < settings.connectionMax }

  private func send<Network: WireNetwork & ~Copyable>(_ network: inout Network, _ now: EngineTime) {
    while !jobs.isEmpty, let wire = wires.first(where: { $0.isOpen && $0.job == nil }) {
      let job = jobs.removeFirst()
      out.removeAll()
      do throws(HTTPError) {
        try HTTPWriter.append(job.request, to: &out)
      } catch {
        events.push(.failed(job.number, mayHaveLeft: false, "\(error)"))
        continue
      }
      guard network.send(wire.number, out) else {
        jobs.insert(job, at: 0)
        network.abort(wire.number)
        lose(wire, "it takes nothing", now)
        continue
      }
      wire.reader.expect(job.request.method)
      wire.job = job
      wire.since = now
    }
    guard wantsWire, now >= mayOpenAt else { return }
    numbers += 1
    let wire = Wire(line << SocketLine.lineShift | numbers & (1 << SocketLine.lineShift - 1), now)
    wires.append(wire)
    network.open(wire.number, to: host, now: now)
  }

  private func read<Network: WireNetwork & ~Copyable>(_ wire: Wire, _ network: inout Network, _ now: EngineTime) {
    do throws(HTTPError) {
      var hasMore = true
      while hasMore {
        hasMore = network.receive(wire.number, into: &wire.reader.input)
        while let response = try wire.reader.next() {
          guard let job = wire.job else { continue }
          wire.job = nil
          wire.isReused = true
          isFailing = false
          wire.since = now
          events.push(.answered(job.number, response))
          guard response.keepsAlive else {
            network.close(wire.number)
            wires.removeAll { $0 === wire }
            return
          }
        }
      }
    } catch {
      network.abort(wire.number)
      lose(wire, "\(error)", now)
    }
  }

  private func expire<Network: WireNetwork & ~Copyable>(_ network: inout Network, _ now: EngineTime) {
    for job in jobs where job.deadline <= now || job.sendBy < now {
      let reason = lastEnd.isEmpty ? "no connection came up in time" : lastEnd
      events.push(.failed(job.number, mayHaveLeft: false, reason))
    }
    jobs.removeAll { $0.deadline <= now || $0.sendBy < now }
    for wire in wires {
      if let job = wire.job, job.deadline <= now {
        network.abort(wire.number)
        lose(wire, "no answer came in time", now)
      } else if wire.job == nil, end(of: wire) <= now {
        if wire.isOpen {
          network.close(wire.number)
          wires.removeAll { $0 === wire }
        } else {
          network.abort(wire.number)
          lose(wire, "it did not come up in time", now)
        }
      }
    }
  }

  /// A connection that had answered before, and ended with a question on it, was most likely over before the question.
  private func lose(_ wire: Wire, _ reason: String, _ now: EngineTime) {
    lastEnd = reason
    wires.removeAll { $0 === wire }
    if !wire.isOpen {
      isFailing = true
      mayOpenAt = backoff.fail(at: now, &random)
    }
    guard var job = wire.job else { return }
    if job.isRepeatable, wire.isReused, !job.wasRepeated, job.deadline > now {
      job.wasRepeated = true
      jobs.insert(job, at: 0)
    } else {
      events.push(.failed(job.number, mayHaveLeft: true, reason))
    }
  }
}
