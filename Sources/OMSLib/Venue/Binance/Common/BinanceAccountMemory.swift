/// What the venue said of an account last, where its news leave out what the core wants to be told with them: changes of
/// positions come without leverage, changes of balances without the balance.
package struct BinanceAccountMemory: Sendable {
  private var leverages: [UInt16]
  private var modes: [UInt8]
  private var totals: [Money]
  private var locked: [Money]

  package init() {
    leverages = Array(repeating: 0, count: Limits.instrumentCount + 1)
    modes = Array(repeating: MarginMode.cross.rawValue, count: Limits.instrumentCount + 1)
    totals = Array(repeating: .zero, count: Limits.assetCount + 1)
    locked = Array(repeating: .zero, count: Limits.assetCount + 1)
  }

  package subscript(leverage instrument: InstrumentID) -> UInt16 {
    get { leverages[instrument.index] }
    set { leverages[instrument.index] = newValue }
  }

  package subscript(mode instrument: InstrumentID) -> MarginMode {
    get { MarginMode(rawValue: modes[instrument.index]) ?? .cross }
    set { modes[instrument.index] = newValue.rawValue }
  }

  package func balance(_ asset: AssetID) -> (total: Money, locked: Money) { (totals[asset.index], locked[asset.index]) }

  package mutating func set(_ asset: AssetID, total: Money, locked: Money) {
    totals[asset.index] = total
    self.locked[asset.index] = locked
  }
}
