/// How large a core's tables are. The engine takes `standard`; the simulator makes thousands of small ones.
package struct CoreCapacity: Sendable, BitwiseCopyable {
  package var accounts = Limits.accountCount
  package var instruments = Limits.instrumentCount
  package var assets = Limits.assetCount
  package var strategies = Limits.strategyCount
  package var venues = Limits.venueCount
  package var roles = Limits.roleCount
  package var orders = Limits.orderCount
  package var fillIDs = Limits.fillIDWindow
  package var positions = Limits.positionCount
  package var balances = Limits.balanceCount
  package var texts = Limits.textCount

  package init() {}

  package static let standard = CoreCapacity()
  package static let small: CoreCapacity = {
    var small = CoreCapacity()
    small.accounts = 64
    small.instruments = 16
    small.assets = 16
    small.strategies = 8
    small.venues = 4
    small.roles = 8
    small.orders = 1 << 12
    small.fillIDs = 1 << 12
    small.positions = 1 << 10
    small.balances = 1 << 9
    small.texts = 1 << 8
    return small
  }()
}
