extension CoreAgent where Machine == Core, Door: ~Copyable, Gate: ~Copyable {
  /// Why a new order must not be recorded now for the journal's sake, from whichever door it comes; `nil`: it may. While
  /// new risk is kept out, what reduces it may still pass.
  mutating func journalRefusal(of input: NewOrderInput, now: EngineTime, utc: UTCTime) -> Reason? {
    if canAccept(opensRisk: true, now: now) { return nil }
    if canAccept(opensRisk: false) {
      let time = max(now, machine.state.global.lastTime)
      if machine.reduces(input, at: StepStamp(time: time, utc: utc, lsn: journal.nextLsn)) { return nil }
    }
    return journal.ring.state == .dead ? .journalDead : .lossWindow
  }
}
