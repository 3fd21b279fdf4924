internal import CCore
internal import Glibc

/// Why a connection is of no use any more.
package enum ConnectionError: Error, Equatable, Sendable {
  /// Refused, reset, timed out, or another number of the kernel.
  case system(SystemError)
  /// The peer is not who it should be. Nothing was sent to it.
  case certificate(CertificateProblem)
  /// In the library's words.
  case tls(String)
  /// The peer went away in the middle of the handshake.
  case handshakeCut
}

extension ConnectionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .system(let error): "\(error.call) failed with error \(error.errno)"
    case .certificate(let problem): "\(problem)"
    case .tls(let reason): "TLS failed\(reason.isEmpty ? "" : ": \(reason)")"
    case .handshakeCut: "the peer ended the connection during the handshake of TLS"
    }
  }
}

/// A connection over TCP, plain or with TLS; nothing in it waits. Closed when the value goes away.
///
/// Watch its descriptor for `wants`, call `advance` when it is ready, then `read` until it says that there is nothing.
/// What `write` cannot send at once waits in a queue with a bound. After an error only closing is left.
///
/// Owner: one thread.
@safe package struct Connection: ~Copyable {
  package enum Phase: Sendable {
    case connecting
    case handshaking
    case open
  }

  package enum Read: Equatable, Sendable {
    case bytes(Int)
    /// Until the descriptor is readable again.
    case nothing
    /// The peer sends no more. Of TLS without its word for that, the last bytes may be missing.
    case ended(isClean: Bool)
  }

  package enum Write: Equatable, Sendable {
    case sent
    /// A part or all of it, for when the descriptor is writable.
    case queued
    /// The queue has no room, nothing was taken: the peer is too slow.
    case full
  }

  /// Room for a second of a busy stream; a reader that is further behind has lost its use for it.
  package static let queueBytesMax = 1 << 20
  /// At most so much is read at once.
  package static let readBytes = 1 << 16

  package let descriptor: Int32
  package let peer: NetworkAddress
  package private(set) var phase: Phase
  private let context: TLSContext?
  private let tls: OpaquePointer?
  private let queueMax: Int
  private var queue = ByteQueue(capacity: 256)
  /// The library asked for the other direction than its call's.
  private var readWantsWrite = false
  private var writeWantsRead = false
  private var wantsToFinish = false
  private var isFinished = false
  private var isBroken = false
  /// What the peer has been sent, or the kernel for it.
  package private(set) var sentBytes: UInt64 = 0
  package private(set) var receivedBytes: UInt64 = 0

  /// A connection that a listener accepted.
  init(
    accepted socket: Int32, peer: NetworkAddress, tls context: TLSContext?, queueBytesMax: Int
  ) throws(ConnectionError) {
    try self.init(socket, peer, context, host: nil, queueBytesMax, phase: context == nil ? .open : .handshaking)
  }

  /// Begins to connect. `from`: the local address, where it matters. `tls`: whom the peer has to prove to be, a name or a
  /// numeric address.
  package init(
    to address: NetworkAddress, from local: NetworkAddress? = nil, tls: (context: TLSContext, host: String)? = nil,
    queueBytesMax: Int = Connection.queueBytesMax
  ) throws(ConnectionError) {
    var to = address.raw
    let socket: Int32
    if var from = local?.raw {
      socket = unsafe cc_tcp_connect(&to, &from)
    } else {
      socket = unsafe cc_tcp_connect(&to, nil)
    }
    guard socket >= 0 else { throw .system(SystemError(errno: -socket, call: "connect(\(address))")) }
    try self.init(socket, address, tls?.context, host: tls?.host, queueBytesMax, phase: .connecting)
  }

  private init(
    _ socket: Int32, _ peer: NetworkAddress, _ context: TLSContext?, host: String?, _ queueMax: Int, phase: Phase
  ) throws(ConnectionError) {
    descriptor = socket
    self.peer = peer
    self.context = context
    self.queueMax = queueMax
    self.phase = phase
    var session: OpaquePointer?
    if let context {
      let status = unsafe Self.open(context, socket, host, &session)
      guard status == 0 else {
        _ = cc_sys_close(socket)
        throw .tls("no connection can be made for the host '\(host ?? "")'")
      }
    }
    unsafe tls = session
  }

  private static func open(
    _ context: TLSContext, _ socket: Int32, _ host: String?, _ out: inout OpaquePointer?
  ) -> Int32 {
    guard let host else { return unsafe cc_tls_open(context.raw, socket, nil, &out) }
    return unsafe cc_tls_open(context.raw, socket, host, &out)
  }

  deinit {
    if let tls = unsafe tls { unsafe cc_tls_free(tls) }
    _ = cc_sys_close(descriptor)
  }

  /// What to watch the descriptor for. `reads`: whether the owner has room for what comes.
  package func wants(reads: Bool = true) -> Readiness {
    switch phase {
    case .connecting: return .write
    case .handshaking: return readWantsWrite ? .write : .read
    case .open:
      var wants: Readiness = reads && !readWantsWrite || writeWantsRead ? .read : []
      if readWantsWrite || (!queue.isEmpty || wantsToFinish && !isFinished) && !writeWantsRead { wants.insert(.write) }
      return wants
    }
  }

  /// Goes on with connecting, the handshake and what is queued. Whether bytes can be exchanged.
  package mutating func advance() throws(ConnectionError) -> Bool {
    if phase == .connecting {
      let status = cc_tcp_connected(descriptor)
      if status == -EINPROGRESS { return false }
      guard status == 0 else { throw broken(.system(SystemError(errno: -status, call: "connect(\(peer))"))) }
      phase = unsafe tls == nil ? .open : .handshaking
    }
    if phase == .handshaking { try shakeHands() }
    guard phase == .open else { return false }
    try flush()
    return true
  }

  /// Adds what came to `buffer`: one piece of it. Call until there is nothing, or until `hasUnread` is false.
  package mutating func read(into buffer: inout ByteQueue) throws(ConnectionError) -> Read {
    guard phase == .open else { return .nothing }
    precondition(!isBroken, "a broken connection is only closed")
    var status: Int64 = 0
    let (descriptor, handle) = unsafe (descriptor, OptionalHandle(tls))
    let got = unsafe buffer.fill(atLeast: 4_096) { room in
      let count = min(room.count, Self.readBytes)
      if let tls = unsafe handle.pointer {
        status = unsafe cc_tls_receive(tls, room.baseAddress, count)
      } else {
        status = unsafe cc_tcp_receive(descriptor, room.baseAddress, count)
      }
      return max(0, Int(status))
    }
    readWantsWrite = false
    if got > 0 {
      receivedBytes += UInt64(got)
      return .bytes(got)
    }
    switch status {
    case 0: return .ended(isClean: true)
    case Int64(-EAGAIN), Int64(cc_tls_want_read): return .nothing
    case Int64(cc_tls_want_write):
      readWantsWrite = true
      return .nothing
    case Int64(cc_tls_closed): return .ended(isClean: true)
    case Int64(cc_tls_truncated): return .ended(isClean: false)
    default: throw broken(error(Int32(truncatingIfNeeded: status), "recv"))
    }
  }

  /// Bytes are here that the descriptor does not tell of: read, without waiting for it.
  package var hasUnread: Bool {
    guard phase == .open, !isBroken, let tls = unsafe tls else { return false }
    return unsafe cc_tls_has_pending(tls) != 0
  }

  /// Sends as much as goes, and queues the rest. Before the connection is open everything is queued.
  package mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) throws(ConnectionError) -> Write {
    precondition(!wantsToFinish, "nothing is written behind the end")
    precondition(!isBroken, "a broken connection is only closed")
    guard bytes.count > 0 else { return queue.isEmpty ? .sent : .queued }
    guard bytes.count <= queueMax - queue.count else { return .full }
    var sent = 0
    if queue.isEmpty, phase == .open {
      sent = try unsafe send(bytes)
      if sent == bytes.count { return .sent }
    }
    unsafe queue.append(UnsafeBufferPointer(rebasing: bytes[sent...]))
    return .queued
  }

  package mutating func write(_ bytes: borrowing ByteBuffer) throws(ConnectionError) -> Write {
    try unsafe bytes.withBytes { bytes throws(ConnectionError) in try unsafe write(bytes) }
  }

  package mutating func write(_ bytes: [UInt8]) throws(ConnectionError) -> Write {
    let outcome: Result<Write, ConnectionError> = unsafe bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(ConnectionError) in try unsafe write(bytes) }
    }
    return try outcome.get()
  }

  package var queuedBytes: Int { queue.count }
  /// Bytes that the kernel has and the peer has not acknowledged.
  package var unacknowledgedBytes: Int { max(0, Int(cc_tcp_unsent(descriptor))) }
  /// Everything was sent, and the peer told that it was all.
  package var hasFinished: Bool { isFinished }

  /// Tells the peer, behind what is queued, that nothing more will come. Reading goes on.
  package mutating func finish() throws(ConnectionError) {
    wantsToFinish = true
    if phase == .open { try flush() }
  }

  /// Resets the connection: the peer learns of it at once, and what is on the way to it is lost.
  package consuming func abort() { _ = cc_tcp_set_abort(descriptor) }

  /// As ``abort()``, when the value goes away.
  package func resetWhenClosed() { _ = cc_tcp_set_abort(descriptor) }

  /// The kernel ends the connection when the peer acknowledges nothing for so long.
  package func setTimeout(milliseconds: UInt32) { _ = cc_tcp_set_timeout(descriptor, milliseconds) }

  package var localAddress: NetworkAddress? {
    var raw = cc_address()
    return unsafe cc_tcp_local(descriptor, &raw) == 0 ? NetworkAddress(raw: raw) : nil
  }

  /// Version and cipher; `nil` without TLS.
  package var tlsDescription: String? {
    guard let tls = unsafe tls else { return nil }
    return unsafe TLSText.read { out, capacity in unsafe cc_tls_description(tls, out, capacity) }
  }

  /// What was agreed to be spoken inside; empty when nobody asked.
  package var tlsProtocol: String? {
    guard let tls = unsafe tls else { return nil }
    return unsafe TLSText.read { out, capacity in unsafe cc_tls_protocol_name(tls, out, capacity) }
  }

  /// The handshake was a short one, with the keys of an earlier connection.
  package var isResumed: Bool {
    guard let tls = unsafe tls else { return false }
    return unsafe cc_tls_is_resumed(tls) != 0
  }

  private mutating func shakeHands() throws(ConnectionError) {
    guard let tls = unsafe tls else { preconditionFailure("only TLS shakes hands") }
    let status = unsafe cc_tls_handshake(tls)
    readWantsWrite = status == cc_tls_want_write
    switch Int(status) {
    case 0: phase = .open
    case cc_tls_want_read, cc_tls_want_write: return
    case cc_tls_truncated, cc_tls_closed: throw broken(.handshakeCut)
    default: throw broken(error(status, "handshake with \(peer)"))
    }
  }

  private mutating func flush() throws(ConnectionError) {
    while !queue.isEmpty {
      let sent = try sendQueue()
      guard sent > 0 else { return }
      queue.removeFirst(sent)
    }
    guard wantsToFinish, !isFinished else { return }
    if let tls = unsafe tls {
      let status = unsafe cc_tls_finish(tls)
      if status == cc_tls_want_write { return }
      guard status == 0 else { throw broken(error(status, "close_notify")) }
    }
    let status = cc_tcp_finish(descriptor)
    guard status == 0 else { throw broken(.system(SystemError(errno: -status, call: "shutdown"))) }
    isFinished = true
  }

  private mutating func sendQueue() throws(ConnectionError) -> Int {
    let (descriptor, handle) = unsafe (descriptor, OptionalHandle(tls))
    let status = unsafe queue.withBytes { bytes in unsafe Self.send(descriptor, handle, bytes) }
    return try taken(status)
  }

  private mutating func send(_ bytes: UnsafeBufferPointer<UInt8>) throws(ConnectionError) -> Int {
    try taken(unsafe Self.send(descriptor, OptionalHandle(tls), bytes))
  }

  private static func send(
    _ descriptor: Int32, _ handle: OptionalHandle, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Int64 {
    if let tls = unsafe handle.pointer { return unsafe cc_tls_send(tls, bytes.baseAddress, bytes.count) }
    return unsafe cc_tcp_send(descriptor, bytes.baseAddress, bytes.count)
  }

  private mutating func taken(_ status: Int64) throws(ConnectionError) -> Int {
    writeWantsRead = status == cc_tls_want_read
    if status >= 0 {
      sentBytes += UInt64(status)
      return Int(status)
    }
    if status == -EAGAIN || status == cc_tls_want_read || status == cc_tls_want_write { return 0 }
    throw broken(error(Int32(truncatingIfNeeded: status), "send"))
  }

  private mutating func broken(_ error: ConnectionError) -> ConnectionError {
    isBroken = true
    return error
  }

  private func error(_ status: Int32, _ call: String) -> ConnectionError {
    if status == cc_tls_certificate, let tls = unsafe tls {
      return .certificate(CertificateProblem(rawValue: unsafe cc_tls_problem(tls)) ?? .other)
    }
    guard status <= cc_tls_want_read else { return .system(SystemError(errno: -status, call: call)) }
    guard let tls = unsafe tls else { return .tls("") }
    return unsafe .tls(TLSText.read { out, capacity in unsafe cc_tls_reason(tls, out, capacity) })
  }
}

/// A pointer that closures may take along.
@safe private struct OptionalHandle {
  let pointer: OpaquePointer?
  init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
}
