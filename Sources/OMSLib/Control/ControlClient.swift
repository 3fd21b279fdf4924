internal import CCore

/// The client's end of the control socket: lines out, lines in, with deadlines and signals.
///
/// One thread uses it. Several requests may be under way; replies carry their numbers.
package struct ControlClient: ~Copyable {
  package enum Event: Equatable, Sendable {
    case reply(ControlReply)
    /// The deadline passed first.
    case timeout
    /// The engine closed the connection.
    case closed
    /// A signal for this process (`SignalSource`).
    case signal(Int32)
    /// The watched input has something to read.
    case input
  }

  private enum Token {
    static let socket: UInt64 = 1
    static let signals: UInt64 = 2
    static let input: UInt64 = 3
  }

  /// A reply larger than this is not one of ours.
  private static let lineBytesMax = 1 << 24
  private static let readBytes = 1 << 14

  private let socket: Int32
  private let poll: Int32
  private let signals: Int32
  private let clock: SystemClock
  private var received: [UInt8] = []
  /// Start of what no reply was cut from yet.
  private var position = 0
  /// Up to here there is no newline.
  private var scanned = 0
  private var unsent: [UInt8] = []
  private var isClosed = false
  private var isWatchingWrites = false

  /// Connects at once or fails; an engine that is not there is ENOENT or ECONNREFUSED. `signals` may be -1.
  package init(path: String, signals: Int32, clock: SystemClock) throws(SystemError) {
    let socket = unsafe cc_net_connect(path, 0)
    guard socket >= 0 else { throw SystemError(errno: -socket, call: "connect") }
    let poll = cc_poll_create()
    var status = min(poll, 0)
    if status == 0 { status = cc_poll_watch(poll, socket, UInt32(cc_ready_read), Token.socket) }
    if status == 0, signals >= 0 { status = cc_poll_watch(poll, signals, UInt32(cc_ready_read), Token.signals) }
    guard status == 0 else {
      if poll >= 0 { _ = cc_sys_close(poll) }
      _ = cc_sys_close(socket)
      throw SystemError(errno: -status, call: "epoll")
    }
    self.socket = socket
    self.poll = poll
    self.signals = signals
    self.clock = clock
  }

  deinit {
    _ = cc_sys_close(poll)
    _ = cc_sys_close(socket)
  }

  /// Sends a line, or as much of it as fits; the rest leaves while waiting for events. A broken connection shows as
  /// `closed` there.
  package mutating func send(_ line: [UInt8]) {
    unsent.append(contentsOf: line)
    push()
  }

  /// Also waits for `descriptor` to become readable. A regular file is always readable: EPERM, and no watching.
  package mutating func watchInput(_ descriptor: Int32) throws(SystemError) {
    let status = cc_poll_watch(poll, descriptor, UInt32(cc_ready_read), Token.input)
    guard status == 0 else { throw SystemError(errno: -status, call: "epoll_ctl") }
  }

  package mutating func ignoreInput(_ descriptor: Int32) { _ = cc_poll_forget(poll, descriptor) }

  /// The next thing that happens. `deadline` is on the monotonic clock; `nil` waits without limit.
  package mutating func next(until deadline: Int64?) throws(ErrorObject) -> Event {
    while true {
      if let reply = try cutReply() { return .reply(reply) }
      if isClosed { return .closed }
      let wait = milliseconds(until: deadline)
      var ready = [cc_ready](repeating: cc_ready(), count: 4)
      let count = unsafe ready.withUnsafeMutableBufferPointer {
        unsafe cc_poll_wait(poll, $0.baseAddress, 4, wait)
      }
      guard count >= 0 else { throw .io(SystemError(errno: -count, call: "epoll_wait"), "control socket") }
      if count == 0 { return .timeout }
      var event: Event?
      for report in ready.prefix(Int(count)) {
        switch report.token {
        case Token.socket:
          if report.events & UInt32(cc_ready_write) != 0 { push() }
          if report.events & UInt32(cc_ready_read | cc_ready_hangup) != 0 { fill() }
        case Token.signals:
          let signal = cc_signal_next(signals)
          if signal > 0 { event = .signal(signal) }
        default: if event == nil { event = .input }
        }
      }
      if let event { return event }
    }
  }

  private mutating func push() {
    while !unsent.isEmpty {
      let sent = unsafe unsent.withUnsafeBytes { unsafe cc_net_send(socket, $0.baseAddress, $0.count) }
      if sent < 0 {
        // EAGAIN: the rest leaves when the socket takes more. Otherwise the read side tells that it is over.
        let isFull = sent == -11
        if !isFull { unsent = [] }
        watchWrites(isFull)
        return
      }
      if sent == unsent.count { unsent = [] } else { unsent.removeFirst(Int(sent)) }
    }
    watchWrites(false)
  }

  private mutating func watchWrites(_ isWatching: Bool) {
    guard isWatching != isWatchingWrites else { return }
    isWatchingWrites = isWatching
    let events = UInt32(isWatching ? cc_ready_read | cc_ready_write : cc_ready_read)
    _ = cc_poll_watch(poll, socket, events, Token.socket)
  }

  private mutating func fill() {
    if position > 0 {
      received.removeFirst(position)
      scanned -= position
      position = 0
    }
    let start = received.count
    received.append(contentsOf: repeatElement(0, count: Self.readBytes))
    let count = unsafe received.withUnsafeMutableBytes {
      unsafe cc_net_receive(socket, $0.baseAddress.map { unsafe $0 + start }, Self.readBytes)
    }
    received.removeLast(Self.readBytes - max(0, Int(count)))
    if count == 0 || (count < 0 && count != -11) { isClosed = true }
  }

  private mutating func cutReply() throws(ErrorObject) -> ControlReply? {
    guard let end = received[scanned...].firstIndex(of: 0x0A) else {
      scanned = received.count
      guard received.count - position <= Self.lineBytesMax else { throw Self.badReply }
      return nil
    }
    guard let reply = ControlReply(line: received[position..<end]) else { throw Self.badReply }
    position = end + 1
    scanned = position
    return reply
  }

  private static var badReply: ErrorObject {
    ErrorObject("internal.reply", .failure, "the engine answered with a line this client does not understand")
  }

  private func milliseconds(until deadline: Int64?) -> Int32 {
    guard let deadline else { return -1 }
    let left = deadline - clock.monotonic()
    guard left > 0 else { return 0 }
    return Int32(min((left + 999_999) / 1_000_000, Int64(Int32.max)))
  }
}

/// Signals to this process as readable events: TERM, INT, HUP, USR1, CHLD. PIPE is ignored.
package enum SignalSource {
  package static let hangUp: Int32 = 1
  package static let interrupt: Int32 = 2
  package static let user: Int32 = 10
  package static let terminate: Int32 = 15
  package static let child: Int32 = 17

  /// The descriptor to hand to a client; to be called before any thread starts.
  package static func open() throws(SystemError) -> Int32 {
    let descriptor = cc_signal_open()
    guard descriptor >= 0 else { throw SystemError(errno: -descriptor, call: "signalfd") }
    return descriptor
  }

  /// The next one that ends a process, for those who wait for nothing else; `nil` while there is none.
  package static func ending(_ descriptor: Int32) -> Int32? {
    while case let signal = cc_signal_next(descriptor), signal > 0 {
      if signal != child { return signal }
    }
    return nil
  }
}
