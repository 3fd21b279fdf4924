extension Core: StepMachine {
  package var inputCount: UInt64 { state.global.inputCount }

  package var stateDigest: (high: UInt64, low: UInt64) { (state.digest.high, state.digest.low) }

  package var instrumentCount: Int { Int(state.global.instrumentCount) }
  package var accountCount: Int { Int(state.global.accountCount) }

  package func prepare(_ account: AccountID, _ instrument: InstrumentID) { state.prepare(account, instrument) }

  package func watchesPrice(of instrument: InstrumentID) -> Bool {
    guard instrument.index > 0, instrument.index <= instrumentCount else { return false }
    let row = state.instruments[instrument.index]
    if row.openCount > 0 { return true }
    return !row.exposure.gross.isZero || !row.exposureLive.gross.isZero
  }

  package func trigger(of orderNumber: UInt64) -> TriggerWatch? {
    guard let slot = state.slot(of: orderNumber) else { return nil }
    let row = state.orders[slot]
    guard row.waitsForPrice else { return nil }
    var watch = TriggerWatch()
    watch.orderNumber = orderNumber
    watch.price = row.image.stopPrice
    watch.trailPpm = row.image.trailPpm
    watch.highWater = row.highWater
    watch.version = row.triggerVersion
    watch.instrument = row.image.instrument
    watch.firesAbove = row.firesAbove ? 1 : 0
    return watch
  }
}
