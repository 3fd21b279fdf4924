internal import Glibc
import OMSLib

/// Drives echoing peers until a signal comes, or until the one that connected is over.
final class EchoRunner {
  private static let signalToken: UInt64 = 0
  private static let listenerToken: UInt64 = 1

  private var loop: PollLoop
  private let signals: Int32
  private let clock = SystemClock()
  private var listener: Listener?
  private var isListening = false
  private var peers: [UInt64: EchoPeer] = [:]
  private var nextToken: UInt64 = 2
  private var isStopping = false

  init(signals: Int32) throws {
    let opened = try PollLoop()
    try opened.watch(signals, for: .read, token: Self.signalToken)
    self.signals = signals
    loop = opened
  }

  func listen(at address: NetworkAddress) throws -> NetworkAddress {
    let opened = try Listener(at: address)
    let bound = opened.address
    try loop.watch(opened.descriptor, for: .read, token: Self.listenerToken)
    listener = .some(consume opened)
    isListening = true
    return bound
  }

  func connect(to address: NetworkAddress, host: String, target: String) throws -> EchoPeer {
    let seed = UInt64(truncatingIfNeeded: clock.boottime()) ^ UInt64(ProcessIdentity.number) << 32
    let peer = try EchoPeer(to: address, host: host, target: target, random: SplitMix64(seed: seed))
    try add(peer)
    return peer
  }

  func run() throws {
    while !isStopping, isListening || !peers.isEmpty {
      try loop.wait(now: now)
      while let report = loop.nextReport() { try take(report.token) }
      while let token = loop.timers.takeDue(now) {
        peers[token]?.giveUp()
        try settle(token)
      }
    }
  }

  private var now: EngineTime { EngineTime(nanoseconds: clock.monotonic()) }

  private func take(_ token: UInt64) throws {
    switch token {
    case Self.signalToken:
      if SignalSource.ending(signals) != nil { isStopping = true }
    case Self.listenerToken:
      while let peer = accepted() { try add(peer) }
    default:
      peers[token]?.advance()
      try settle(token)
    }
  }

  private func accepted() -> EchoPeer? {
    guard let accepted = listener?.accept(queueBytesMax: EchoPeer.queueBytes),
      case .connection(let connection) = accepted
    else { return nil }
    return EchoPeer(accepted: connection)
  }

  private func add(_ peer: EchoPeer) throws {
    let token = nextToken
    nextToken += 1
    peers[token] = peer
    loop.timers.set(token, at: now.advanced(byNanoseconds: WebSocketEchoCommand.patienceNanoseconds))
    peer.advance()
    try settle(token)
  }

  /// Watches a peer for what it wants now, or lets go of it. While it leaves, it has the time that was set when it began.
  private func settle(_ token: UInt64) throws {
    guard let peer = peers[token] else { return }
    if peer.isOver {
      loop.forget(peer.descriptor)
      loop.timers.cancel(token)
      peers[token] = nil
      return
    }
    try loop.watch(peer.descriptor, for: peer.wants, token: token)
    if !peer.needsDeadline {
      loop.timers.cancel(token)
    } else if !loop.timers.isSet(token) {
      loop.timers.set(token, at: now.advanced(byNanoseconds: WebSocketEchoCommand.patienceNanoseconds))
    }
  }
}
