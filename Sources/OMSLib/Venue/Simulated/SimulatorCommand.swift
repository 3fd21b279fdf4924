/// What the engine asks of the built-in exchange for a person: one of its desk's controls, or a fault of its door.
package struct SimulatorCommand: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    case control = 1
    case latency = 2
    case jump = 3
    case freeze = 4
    /// Everything anew; `b` 1: with the seed `a`.
    case reset = 5
    /// The engine's account `control.account` is the one named `control.text`; it is opened if it is not there.
    case openAccount = 6
    /// Money that an account has from the start (`control`): also after a reset.
    case openingDeposit = 7
    /// Of an exchange in another process: an image of it, written to its disk.
    case image = 8
    case dropAcknowledgements = 10
    case duplicateAcknowledgements = 11
    case reject = 12
    case disconnect = 13
    case staleFeed = 14
    case sequenceGap = 15
    case rateLimit = 16
    case partial = 17
    case lateFills = 18
    case loseCancels = 19
    case refuseKey = 20
    case clear = 21
  }

  package var token: UInt64 = 0
  package var a: Int64 = 0
  package var b: Int64 = 0
  package var instrument = InstrumentID.none
  package var kindRaw: UInt8
  package var reserved: (UInt8, UInt32) = (0, 0)
  package var control = ExchangeControl(.setPrice)

  package init(_ kind: Kind) { kindRaw = kind.rawValue }

  package var kind: Kind? { Kind(rawValue: kindRaw) }

  /// Whether every number in it is one of a table's: it may come from another process.
  var isInRange: Bool {
    instrument.index < Limits.instrumentCount && Int(control.account) < Limits.accountCount
      && Int(control.other) < Limits.accountCount && Int(control.instrument) < Limits.instrumentCount
      && Int(control.asset) < Limits.assetCount
  }
}

/// What became of such a command.
package enum SimulatorOutcome: UInt8, Sendable, CaseIterable {
  case done = 1
  /// It cannot be done, or there is no room now.
  case refused = 2
  /// Another process was told; what it says comes later.
  case later = 3
  /// That process ended before it said anything.
  case unknown = 4
}

extension SimulatedVenue where Recorder: ~Copyable {
  /// Does what was asked, with the engine's numbers. `false`: it is not possible, or there is no room now.
  package mutating func obey(_ command: SimulatorCommand, now: EngineTime) -> Bool {
    guard let kind = command.kind, command.isInRange else { return false }
    let count = Int(clamping: command.a)
    switch kind {
    case .control: return control(command.control, now: now)
    case .latency: setLatency(nanoseconds: max(0, command.a), jitterNanoseconds: max(0, command.b))
    case .jump: jump(byNanoseconds: command.a, now: now)
    case .freeze: setFrozen(command.a != 0, now: now)
    case .openAccount: return openAccount(command.control, now: now)
    case .openingDeposit: return depositAtOpening(command.control, now: now)
    // Whoever holds the exchange makes it.
    case .image: return false
    case .reset: return startOver(seed: command.b == 1 ? UInt64(clamping: command.a) : nil, now: now)
    case .dropAcknowledgements: inject(.dropAcknowledgements(count), now: now)
    case .duplicateAcknowledgements: inject(.duplicateAcknowledgements(count), now: now)
    case .reject: inject(.reject(code: Int32(clamping: command.a), count: Int(clamping: command.b)), now: now)
    case .disconnect: inject(.disconnect(nanoseconds: command.a), now: now)
    case .staleFeed: inject(.staleFeed(command.instrument), now: now)
    case .sequenceGap: inject(.sequenceGap(command.instrument), now: now)
    case .rateLimit: inject(.rateLimit(count), now: now)
    case .partial: inject(.partial(percent: UInt8(clamping: command.a)), now: now)
    case .lateFills: inject(.lateFills(nanoseconds: command.a), now: now)
    case .loseCancels: inject(.loseCancels(count), now: now)
    case .refuseKey: inject(.refuseKey, now: now)
    case .clear: inject(.clear, now: now)
    }
    return true
  }
}
