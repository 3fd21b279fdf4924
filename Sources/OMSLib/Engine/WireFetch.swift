internal import CCore

/// Asks a venue for a page over HTTP and waits for it: for what an engine must know before its threads run.
///
/// Owner: one thread, which has the time.
struct WireFetch: ~Copyable {
  /// From the question to its answer, names of hosts included only as far as name servers are quick.
  private static let patience: Int64 = 10_000_000_000

  private let clock: EngineClock
  private var network: KernelNetwork
  private var lines: [WireHost: RestLine] = [:]
  private var known: Set<WireHost> = []
  private let poll: DescriptorWait

  init(_ tls: TLSContext, _ clock: EngineClock) throws(SystemError) {
    let network = try KernelNetwork(tls: tls)
    poll = try DescriptorWait([network.descriptor])
    self.network = network
    self.clock = clock
  }

  /// The body of `target`, or why there is none, in words.
  mutating func get(_ target: String, of host: WireHost) -> Result<HTTPResponse, WireFetchFailure> {
    if NetworkAddress(host.name, port: host.port) == nil, known.insert(host).inserted {
      network.learn(host, HostLookup.ask(host))
    }
    let line = lines[host] ?? makeLine(host)
    lines[host] = line
    let end = clock.now.advanced(byNanoseconds: Self.patience)
    line.submit(HTTPRequest(method: "GET", target: target), number: 1, isRepeatable: true, now: clock.now)
    while clock.now < end {
      while let news = network.next(now: clock.now) { line.take(news, &network, now: clock.now) }
      if let event = line.next(&network, now: clock.now) {
        switch event {
        case .answered(_, let response): return .success(response)
        case .failed(_, _, let reason): return .failure(WireFetchFailure(reason: reason))
        }
      }
      poll.wait(until: min(line.nextDue, end), now: clock.now)
    }
    let reason = line.lastEnd.isEmpty ? "no answer within \(Self.patience / 1_000_000_000) s" : line.lastEnd
    return .failure(WireFetchFailure(reason: reason))
  }

  private func makeLine(_ host: WireHost) -> RestLine {
    var settings = RestLine.Settings(
      Backoff(leastNanoseconds: 200_000_000, mostNanoseconds: 2_000_000_000, stableNanoseconds: 10_000_000_000))
    settings.patienceNanoseconds = Self.patience
    return RestLine(
      host, line: UInt32(lines.count), settings: settings, seed: SplitMix64(seed: UInt64(clock.now.nanoseconds)),
      now: clock.now)
  }
}

struct WireFetchFailure: Error { let reason: String }

/// Sleeps until one of a few descriptors is readable.
struct DescriptorWait: ~Copyable {
  private let poll: Int32

  init(_ descriptors: [Int32]) throws(SystemError) {
    poll = cc_poll_create()
    guard poll >= 0 else { throw SystemError(errno: -poll, call: "epoll_create1") }
    for descriptor in descriptors {
      let status = cc_poll_watch(poll, descriptor, UInt32(cc_ready_read), 0)
      guard status == 0 else { throw SystemError(errno: -status, call: "epoll_ctl") }
    }
  }

  deinit { _ = cc_sys_close(poll) }

  /// At most a tenth of a second.
  func wait(until due: EngineTime, now: EngineTime) {
    var report = cc_ready()
    let milliseconds = min(100, max(0, (due.nanoseconds - now.nanoseconds) / 1_000_000 + 1))
    _ = unsafe cc_poll_wait(poll, &report, 1, due <= now ? 0 : Int32(milliseconds))
  }
}
