import OMSLib

/// The book of a recording: its snapshot, and the differences behind it. Prices and quantities stay the text they are.
struct RecordedBook {
  struct Level {
    let price: String
    let quantity: String
  }

  private let product: VenueProduct
  private(set) var id: UInt64 = 0
  /// By price in hundred-millionths.
  private var bids: [Int64: Level] = [:]
  private var asks: [Int64: Level] = [:]
  /// There is a snapshot, and since then nothing is missing.
  private(set) var isWhole = false
  private var hasApplied = false

  init(_ product: VenueProduct) { self.product = product }

  /// Begins with a snapshot. One that comes while the book is whole adds nothing.
  mutating func begin(_ snapshot: JSONValue) {
    guard !isWhole, let last: UInt64 = snapshot["lastUpdateId"]?.integer() else { return }
    id = last
    (bids, asks) = ([:], [:])
    Self.set(snapshot["bids"], &bids)
    Self.set(snapshot["asks"], &asks)
    isWhole = true
    hasApplied = false
  }

  mutating func apply(_ update: JSONValue) {
    guard isWhole, let first: UInt64 = update["U"]?.integer(), let last: UInt64 = update["u"]?.integer(), last > id
    else { return }
    let previous: UInt64? = update["pu"]?.integer()
    let follows =
      product == .usdm && hasApplied ? previous == id : first <= id + 1 || previous.map { $0 <= id } ?? false
    guard follows else {
      isWhole = false
      return
    }
    Self.set(update["b"], &bids)
    Self.set(update["a"], &asks)
    id = last
    hasApplied = true
  }

  private static func set(_ levels: JSONValue?, _ side: inout [Int64: Level]) {
    for level in levels?.elements ?? [] {
      let parts = level.elements
      guard parts.count >= 2, let price = parts[0].string, let quantity = parts[1].string, let key = units(price) else {
        continue
      }
      side[key] = units(quantity) == 0 ? nil : Level(price: price, quantity: quantity)
    }
  }

  /// Hundred-millionths; `nil` for what is no decimal, or finer or larger than they are.
  static func units(_ text: String) -> Int64? {
    var value: Int64 = 0
    var decimals = -1
    for byte in text.utf8 {
      if byte == UInt8(ascii: ".") {
        guard decimals < 0 else { return nil }
        decimals = 0
        continue
      }
      guard byte.isDigit else { return nil }
      let (product, isOver) = value.multipliedReportingOverflow(by: 10)
      let (sum, isAbove) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      guard !isOver, !isAbove else { return nil }
      value = sum
      if decimals >= 0 { decimals += 1 }
    }
    guard !text.isEmpty, decimals <= 8 else { return nil }
    for _ in max(decimals, 0)..<8 {
      let (product, isOver) = value.multipliedReportingOverflow(by: 10)
      guard !isOver else { return nil }
      value = product
    }
    return value
  }

  /// Best first.
  func levels(_ side: Side, _ count: Int) -> [Level] {
    let levels = side == .buy ? bids : asks
    let keys = levels.keys.sorted { side == .buy ? $0 > $1 : $0 < $1 }
    return keys.prefix(count).compactMap { levels[$0] }
  }
}
