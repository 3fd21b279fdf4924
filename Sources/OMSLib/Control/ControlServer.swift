internal import CCore

/// A connection, by a number that is never used twice.
package struct ClientID: Hashable, Sendable, BitwiseCopyable {
  package let number: UInt64
}

/// Who is at the other end.
package struct ClientPeer: Sendable, BitwiseCopyable {
  package var process: Int32
  package var user: UInt32
  package var isReadOnly: Bool
}

/// What the transport hands to whoever answers.
package enum ControlInput: Sendable {
  case request(ClientID, Request)
  /// The line could not be decoded: answered by the transport already.
  case refused(ClientID, RequestError)
  case closed(ClientID)
}

package struct ServerBounds: Sendable {
  package var clientCount = 256
  package var clientsPerUser = 192
  /// Unanswered requests of one client; above it nothing more is read from it.
  package var requestsInFlight = 256
  /// Requests in one turn, of one client and of all; those that had none begin the next.
  package var requestsPerTurn = 16
  /// Beside other clients that ask, lines that a client sends ahead of their turns are taken only so much apart. A flood
  /// then costs the others little, however much of it there is.
  package var paceNanoseconds: Int64 = 250_000
  /// While a client that waits for each answer waits for one, such lines stay where they are, but never longer than this.
  package var courtesyNanoseconds: Int64 = 1_000_000
  /// How long a client counts as one that asks.
  package var activeNanoseconds: Int64 = 10_000_000
  /// Bytes taken from one client in one turn, and given to it.
  package var bytesPerTurn = 64 << 10
  /// Clients that have died and whose lines are still taken; of more than these the lines are dropped with them.
  package var leavingCount = 32
  /// Lines that are no requests before the connection is closed.
  package var garbageLines = 8
  /// Output that a client has not taken; above it nothing more is read from it, and streams pause.
  package var outputHighWater = 256 << 10
  /// Above this the client is cut off.
  package var outputMax = 64 << 20
  /// A client that has taken nothing for so long, with output waiting, is cut off.
  package var stallNanoseconds: Int64 = 30_000_000_000
  package init() {}
}

/// The two sockets of an engine: lines in, lines out, many clients, one thread.
///
/// Never waits for a client: what one does not take is kept within its bounds, then the connection is cut. Every client
/// gets the same small amount of work per turn: its lines are taken one at a time, in rounds with those of the others,
/// and no more is read from it while lines of it wait.
///
/// Owner: the control thread.
package struct ControlServer: ~Copyable {
  /// A class: as a value its buffers would be copied whenever it is taken out of the table and changed.
  private final class Client {
    let number: UInt64
    let descriptor: Int32
    let peer: ClientPeer
    var input: [UInt8] = []
    var output = OutputQueue()
    /// Descriptors, each with the byte of the output that it travels with; oldest first.
    var attached: [(descriptor: Int32, position: Int)] = []
    var inFlight = 0
    var lastAsked = ControlServer.never
    /// More lines waited when the last one was taken.
    var sendsAhead = false
    var garbage = 0
    var isWatchedForWrite = false
    var isReadPaused = false
    /// It sends no more; it may still wait for answers.
    var isReadClosed = false
    var hasHungUp = false
    var lastProgress = EngineTime.zero
    /// Bytes of a line beyond the bound are thrown away up to its newline.
    var skipsLine = false
    /// A whole line may wait in `input`.
    var hasMore = false

    init(_ number: UInt64, _ descriptor: Int32, _ peer: ClientPeer) {
      self.number = number
      self.descriptor = descriptor
      self.peer = peer
    }
  }

  private static let never = EngineTime(nanoseconds: .min / 2)
  private static let listenerToken: UInt64 = 0
  private static let readOnlyToken: UInt64 = 1
  private static let wakeToken: UInt64 = 2
  private static let firstClient: UInt64 = 16

  package let bounds: ServerBounds
  package private(set) var refusedClients: UInt64 = 0
  package private(set) var cutClients: UInt64 = 0
  private let path: String
  private let readOnlyPath: String?
  private let poll: Int32
  private let listener: Int32
  private let readOnlyListener: Int32
  private let ownUser = cc_process_user()
  private var clients: [UInt64: Client] = [:]
  /// In the order of their arrival.
  private var order: [UInt64] = []
  /// Where in that order the next turn begins.
  private var hand = 0
  /// Who asked last, and when the last of the others did.
  private var lastAsker: UInt64 = 0
  private var lastOther = ControlServer.never
  private var nextNumber = Self.firstClient
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// Listens at `path` with mode 0600 and, if given, at `readOnlyPath` with mode 0660. `wake` is a descriptor that makes
  /// ``turn(timeoutMilliseconds:now:_:)`` return when it is readable.
  package init(
    path: String, readOnlyPath: String? = nil, wake: Int32 = -1, bounds: ServerBounds = ServerBounds()
  ) throws(SystemError) {
    let sockets = try Self.open(path, readOnlyPath)
    self.path = path
    self.readOnlyPath = readOnlyPath
    self.bounds = bounds
    poll = sockets.poll
    listener = sockets.listener
    readOnlyListener = sockets.readOnly
    _ = cc_poll_watch(poll, listener, UInt32(cc_ready_read), Self.listenerToken)
    if readOnlyListener >= 0 { _ = cc_poll_watch(poll, readOnlyListener, UInt32(cc_ready_read), Self.readOnlyToken) }
    if wake >= 0 { _ = cc_poll_watch(poll, wake, UInt32(cc_ready_read), Self.wakeToken) }
  }

  private static func open(
    _ path: String, _ readOnlyPath: String?
  ) throws(SystemError) -> (poll: Int32, listener: Int32, readOnly: Int32) {
    let poll = cc_poll_create()
    guard poll >= 0 else { throw SystemError(errno: -poll, call: "epoll_create") }
    let listener = unsafe cc_net_listen(path, 0o600, 128)
    guard listener >= 0 else {
      _ = cc_sys_close(poll)
      throw SystemError(errno: -listener, call: "listen(\(path))")
    }
    guard let readOnlyPath else { return (poll, listener, -1) }
    let readOnly = unsafe cc_net_listen(readOnlyPath, 0o660, 128)
    guard readOnly >= 0 else {
      _ = cc_sys_close(listener)
      _ = cc_sys_close(poll)
      throw SystemError(errno: -readOnly, call: "listen(\(readOnlyPath))")
    }
    return (poll, listener, readOnly)
  }

  deinit {
    for (_, client) in clients { _ = cc_sys_close(client.descriptor) }
    _ = cc_sys_close(listener)
    _ = unsafe cc_sys_unlink(path)
    if readOnlyListener >= 0 { _ = cc_sys_close(readOnlyListener) }
    if let readOnlyPath { _ = unsafe cc_sys_unlink(readOnlyPath) }
    _ = cc_sys_close(poll)
  }

  package var clientCount: Int { clients.count }

  package func peer(_ client: ClientID) -> ClientPeer? { clients[client.number]?.peer }

  /// Whether a stream may go on writing to this client.
  package func hasRoom(_ client: ClientID) -> Bool {
    guard let state = clients[client.number] else { return false }
    return state.output.count < bounds.outputHighWater
  }

  // MARK: Answers

  /// Adds bytes (whole lines) to what the client will be sent.
  package mutating func send(_ line: [UInt8], to client: ClientID) {
    clients[client.number]?.output.append(line)
  }

  /// Adds a line that carries a descriptor.
  package mutating func send(_ line: [UInt8], descriptor: Int32, to client: ClientID) {
    guard let state = clients[client.number] else { return }
    state.attached.append((descriptor, state.output.count))
    state.output.append(line)
  }

  /// One of the client's requests has its last line.
  package mutating func requestEnded(of client: ClientID) {
    guard let state = clients[client.number] else { return }
    precondition(state.inFlight > 0, "a request ends once (INV-17)")
    state.inFlight -= 1
  }

  /// Cuts a connection off.
  package mutating func close(_ client: ClientID, _ take: (ControlInput) -> Void) {
    guard let state = clients.removeValue(forKey: client.number) else { return }
    order.removeAll { $0 == client.number }
    _ = cc_poll_forget(poll, state.descriptor)
    _ = cc_sys_close(state.descriptor)
    take(.closed(client))
  }

  // MARK: Turns

  /// Waits for work at most that long, then reads what came and writes what goes out. Answers of earlier requests are
  /// put in between turns; what came in is handed to `take`.
  package mutating func turn(timeoutMilliseconds: Int32, now: () -> EngineTime, _ take: (ControlInput) -> Void) {
    flush(now: now(), take)
    var ready = [cc_ready](repeating: cc_ready(), count: 64)
    let timeout = patience(timeoutMilliseconds, now: now())
    let count = unsafe ready.withUnsafeMutableBufferPointer { unsafe cc_poll_wait(poll, $0.baseAddress, 64, timeout) }
    guard count >= 0 else { return }
    let instant = now()
    for event in ready.prefix(Int(count)) {
      switch event.token {
      case Self.listenerToken: accept(listener, isReadOnly: false, now: instant)
      case Self.readOnlyToken: accept(readOnlyListener, isReadOnly: true, now: instant)
      case Self.wakeToken: break
      default:
        guard let client = clients[event.token] else { continue }
        if event.events & UInt32(cc_ready_read | cc_ready_hangup) != 0 { receive(client, now: instant) }
        if event.events & UInt32(cc_ready_hangup) != 0 {
          client.hasHungUp = true
          // It would be reported for ever, while the last of its lines wait for their turns.
          _ = cc_poll_forget(poll, client.descriptor)
        }
      }
    }
    serve(now: instant, take)
    reap(take)
    flush(now: instant, take)
  }

  // MARK: Insides

  private mutating func accept(_ listener: Int32, isReadOnly: Bool, now: EngineTime) {
    // A bounded number per turn, so that a storm of connections does not starve those that are there.
    for _ in 0..<16 {
      let descriptor = cc_net_accept(listener)
      guard descriptor >= 0 else { return }
      var peer = cc_peer()
      let known = unsafe cc_net_peer(descriptor, &peer) == 0
      // The socket's mode keeps others out; this keeps out who got a descriptor some other way.
      let allowed = known && (isReadOnly || peer.user == ownUser || peer.user == 0)
      let ofUser = clients.values.count { $0.peer.user == peer.user }
      guard allowed, clients.count < bounds.clientCount, ofUser < bounds.clientsPerUser else {
        refusedClients += 1
        refuse(descriptor, allowed: allowed)
        continue
      }
      let number = nextNumber
      nextNumber += 1
      let client = Client(
        number, descriptor, ClientPeer(process: peer.process, user: peer.user, isReadOnly: isReadOnly))
      client.lastProgress = now
      clients[number] = client
      order.append(number)
      _ = cc_poll_watch(poll, descriptor, UInt32(cc_ready_read), number)
    }
  }

  private func refuse(_ descriptor: Int32, allowed: Bool) {
    let error =
      allowed
      ? RequestError("busy.clients", exit: 16, "the engine has as many clients as it takes; try again")
      : RequestError("auth.peer", exit: 11, "this socket belongs to another user")
    let line = ReplyLine.error(error, request: 0)
    _ = unsafe line.withUnsafeBytes { unsafe cc_net_send(descriptor, $0.baseAddress, $0.count) }
    _ = cc_sys_close(descriptor)
  }

  private mutating func receive(_ client: Client, now: EngineTime) {
    guard !client.hasMore, client.input.count < Limits.requestLineBytes + 1 else { return }
    let got = unsafe buffer.withUnsafeMutableBytes {
      unsafe cc_net_receive(client.descriptor, $0.baseAddress, min($0.count, bounds.bytesPerTurn))
    }
    if got > 0 {
      client.input.append(contentsOf: buffer[0..<Int(got)])
      client.hasMore = true
      if client.output.isEmpty { client.lastProgress = now }
    } else if got == 0 {
      client.isReadClosed = true
    } else if got != -11 {
      client.hasHungUp = true
    }
  }

  /// Lines that wait in a buffer make no descriptor ready.
  private func patience(_ timeoutMilliseconds: Int32, now: EngineTime) -> Int32 {
    var result = timeoutMilliseconds
    let isAnybodyWaiting = isAnybodyWaiting(now)
    for client in clients.values where client.hasMore && mayAsk(client) {
      if !client.sendsAhead || isInPace(client, now, isAnybodyWaiting) { return 0 }
      result = min(result, 1)
    }
    return result
  }

  /// Takes lines of the clients by turns, one of each in a round, until there are enough of them for this turn. Those
  /// who wait for each answer come first.
  private mutating func serve(now: EngineTime, _ take: (ControlInput) -> Void) {
    if hand >= order.count { hand = 0 }
    var left = bounds.requestsPerTurn
    serveRound(now, &left, paced: nil, take)
    let isAnybodyWaiting = isAnybodyWaiting(now)
    var before: Int
    repeat {
      before = left
      serveRound(now, &left, paced: isAnybodyWaiting, take)
    } while left > 0 && left < before
  }

  /// A line of each client; of those that send ahead only if it is in pace, and never if `paced` is `nil`.
  private mutating func serveRound(
    _ now: EngineTime, _ left: inout Int, paced isAnybodyWaiting: Bool?, _ take: (ControlInput) -> Void
  ) {
    for _ in 0..<order.count where left > 0 {
      let number = order[hand]
      hand = hand + 1 == order.count ? 0 : hand + 1
      guard let client = clients[number], client.hasMore, mayAsk(client),
        !client.sendsAhead || isAnybodyWaiting.map({ isInPace(client, now, $0) }) ?? false,
        takeLine(client, ClientID(number: number), take)
      else { continue }
      note(client, now)
      left -= 1
    }
  }

  private mutating func note(_ client: Client, _ now: EngineTime) {
    if lastAsker != client.number, let other = clients[lastAsker] { lastOther = other.lastAsked }
    lastAsker = client.number
    client.lastAsked = now
    client.sendsAhead = client.hasMore
  }

  /// Whether the next of the lines that it sent ahead may be taken now, beside the others.
  private func isInPace(_ client: Client, _ now: EngineTime, _ isAnybodyWaiting: Bool) -> Bool {
    let lastOfOthers = lastAsker == client.number ? lastOther : clients[lastAsker]?.lastAsked ?? lastOther
    if now.nanoseconds - lastOfOthers.nanoseconds > bounds.activeNanoseconds { return true }
    let waited = now.nanoseconds - client.lastAsked.nanoseconds
    return waited >= (isAnybodyWaiting ? bounds.courtesyNanoseconds : bounds.paceNanoseconds)
  }

  /// Whether a client that sends nothing ahead has asked a moment ago, and has no answer yet. A stream is asked for once.
  private func isAnybodyWaiting(_ now: EngineTime) -> Bool {
    clients.values.contains {
      !$0.sendsAhead && $0.inFlight > 0
        && now.nanoseconds - $0.lastAsked.nanoseconds < bounds.courtesyNanoseconds
    }
  }

  /// Within its bounds: what it was not answered yet, what it has not taken, what was none.
  private func mayAsk(_ client: Client) -> Bool {
    client.inFlight < bounds.requestsInFlight && client.output.count < bounds.outputHighWater
      && client.garbage < bounds.garbageLines
  }

  /// Decodes the oldest line that a client has sent. `false`: there is no whole one.
  private func takeLine(_ client: Client, _ id: ClientID, _ take: (ControlInput) -> Void) -> Bool {
    guard let end = client.input.firstIndex(of: 0x0A) else {
      client.hasMore = false
      if client.input.count > Limits.requestLineBytes {
        if !client.skipsLine { oversized(client, id, take) }
        client.input.removeAll(keepingCapacity: true)
        client.skipsLine = true
      }
      return false
    }
    let line = Array(client.input[..<end])
    client.input.removeFirst(end + 1)
    if client.input.isEmpty { client.hasMore = false }
    if client.skipsLine {
      client.skipsLine = false
    } else {
      decode(line, id, client, take)
    }
    return true
  }

  private func decode(_ line: [UInt8], _ id: ClientID, _ client: Client, _ take: (ControlInput) -> Void) {
    if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return }
    do throws(RequestError) {
      let request = try Request(line: line)
      if client.peer.isReadOnly && !request.isRead {
        let error = RequestError("auth.read_only", exit: 11, "this socket answers reads only")
        client.output.append(ReplyLine.error(error, request: request.number))
        client.output.append(ReplyLine.end(exit: error.exit, request: request.number))
        return
      }
      client.inFlight += 1
      take(.request(id, request))
    } catch {
      client.garbage += 1
      let number = Request.number(ofBroken: line)
      client.output.append(ReplyLine.error(error, request: number))
      client.output.append(ReplyLine.end(exit: error.exit, request: number))
      take(.refused(id, error))
    }
  }

  private func oversized(_ client: Client, _ id: ClientID, _ take: (ControlInput) -> Void) {
    let error = RequestError.usage("line", "a request is longer than \(Limits.requestLineBytes) bytes")
    client.garbage += 1
    client.output.append(ReplyLine.error(error, request: 0))
    client.output.append(ReplyLine.end(exit: 2, request: 0))
    take(.refused(id, error))
  }

  private mutating func flush(now: EngineTime, _ take: (ControlInput) -> Void) {
    for number in order {
      guard let client = clients[number], !client.hasHungUp else { continue }
      write(client, now: now)
      let pauses =
        client.isReadClosed || client.hasMore || client.inFlight >= bounds.requestsInFlight
        || client.output.count >= bounds.outputHighWater
      let wantsWrite = !client.output.isEmpty
      if pauses != client.isReadPaused || wantsWrite != client.isWatchedForWrite {
        client.isReadPaused = pauses
        client.isWatchedForWrite = wantsWrite
        let events = (pauses ? 0 : UInt32(cc_ready_read)) | (wantsWrite ? UInt32(cc_ready_write) : 0)
        _ = cc_poll_watch(poll, client.descriptor, events, number)
      }
      let stalled =
        wantsWrite && now.nanoseconds - client.lastProgress.nanoseconds > bounds.stallNanoseconds
      if stalled || client.output.count > bounds.outputMax {
        cutClients += 1
        close(ClientID(number: number), take)
      }
    }
  }

  /// What one client takes, so much a turn: its answers keep the others waiting no longer than its questions.
  private func write(_ client: Client, now: EngineTime) {
    var left = bounds.bytesPerTurn
    while left > 0, !client.output.isEmpty {
      var sent: Int64 = 0
      let first = client.attached.first
      if let first, first.position == 0 {
        // Up to the next one's byte: a message carries one descriptor.
        let limit = client.attached.count > 1 ? min(left, client.attached[1].position) : left
        sent = unsafe client.output.withFront {
          unsafe cc_net_send_descriptor(client.descriptor, first.descriptor, $0.baseAddress, min($0.count, limit))
        }
        if sent > 0 { client.attached.removeFirst() }
      } else {
        let limit = min(left, first?.position ?? .max)
        sent = unsafe client.output.withFront {
          unsafe cc_net_send(client.descriptor, $0.baseAddress, min($0.count, limit))
        }
      }
      if sent > 0 { for index in client.attached.indices { client.attached[index].position -= Int(sent) } }
      guard sent > 0 else {
        if sent != -11 { client.hasHungUp = true }
        return
      }
      client.output.removeFirst(Int(sent))
      left -= Int(sent)
      client.lastProgress = now
    }
  }

  /// Closes those who left, once what they sent whole was taken, and those who talk garbage, once they have been told.
  private mutating func reap(_ take: (ControlInput) -> Void) {
    var leaving = 0
    for number in order {
      guard let client = clients[number] else { continue }
      let isAnswered = client.isReadClosed && !client.hasMore && client.inFlight == 0 && client.output.isEmpty
      if client.hasHungUp { leaving += 1 }
      let hasLastWords = client.hasMore && mayAsk(client) && leaving <= bounds.leavingCount
      let isDone = client.hasHungUp && !hasLastWords || isAnswered
      let isGarbage = client.garbage >= bounds.garbageLines
      guard isDone || isGarbage else { continue }
      if isGarbage {
        cutClients += 1
        write(client, now: client.lastProgress)
      }
      close(ClientID(number: number), take)
    }
  }
}
