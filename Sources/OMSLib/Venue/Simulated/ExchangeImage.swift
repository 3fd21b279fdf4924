// The exchange as sections of rows, and back. Books and index follow from the rows and are made anew.

/// What an exchange holds beside its tables.
struct ExchangeScalars: BitwiseCopyable {
  var options = ExchangeOptions()
  var time = UTCTime.zero
  var nextTick: Int64 = 0
  var nextFunding: Int64 = 0
  var nextExpiry: Int64 = 0
  var nextDeadman: Int64 = 0
  var commonMove: Int64 = 0
  var partialPercent: Int64 = 0
  var pace: Int64 = 0
  var random = SplitMix64(seed: 0)
  var orderNumber: UInt64 = 0
  var tradeNumber: UInt64 = 0
  var fillCount: UInt64 = 0
  var phase: UInt32 = 0
  var accountCount: UInt32 = 0
  var instrumentCount: UInt32 = 0
  var assetCount: UInt32 = 0
  var usedSlots: UInt32 = 0
  var freeSlot: UInt32 = 0
  var doneFirst: UInt32 = 0
  var doneLast: UInt32 = 0
}

extension Exchange {
  /// Of the rows in snapshots: changes whenever one of their layouts or the meaning of an input does. Snapshots of other
  /// versions are not used.
  package static let version: UInt32 = 3

  private enum Section: UInt32 {
    case scalars = 1
    case assets = 2
    case accounts = 3
    case balances = 4
    case holdings = 5
    case orders = 6
    case fills = 7
    case markets = 8
    case trades = 9
    case quotes = 10
    case volumes = 11
    case bookOrders = 12
  }

  private var scalars: ExchangeScalars {
    get {
      ExchangeScalars(
        options: options, time: time, nextTick: nextTick, nextFunding: nextFunding, nextExpiry: nextExpiry,
        nextDeadman: nextDeadman, commonMove: commonMove, partialPercent: partialPercent, pace: pace, random: random,
        orderNumber: orderNumber, tradeNumber: tradeNumber, fillCount: fillCount, phase: UInt32(phase),
        accountCount: UInt32(accountCount), instrumentCount: UInt32(instrumentCount), assetCount: UInt32(assetCount),
        usedSlots: usedSlots, freeSlot: freeSlot, doneFirst: doneFirst, doneLast: doneLast)
    }
    set {
      time = newValue.time
      (nextTick, nextFunding) = (newValue.nextTick, newValue.nextFunding)
      (nextExpiry, nextDeadman) = (newValue.nextExpiry, newValue.nextDeadman)
      (commonMove, partialPercent, pace) = (newValue.commonMove, newValue.partialPercent, newValue.pace)
      (random, phase) = (newValue.random, Int(newValue.phase))
      (orderNumber, tradeNumber, fillCount) = (newValue.orderNumber, newValue.tradeNumber, newValue.fillCount)
      (accountCount, instrumentCount) = (Int(newValue.accountCount), Int(newValue.instrumentCount))
      assetCount = Int(newValue.assetCount)
      (usedSlots, freeSlot) = (newValue.usedSlots, newValue.freeSlot)
      (doneFirst, doneLast) = (newValue.doneFirst, newValue.doneLast)
    }
  }

  /// Lends all rows in use to `body`.
  package func withSections<Failure: Error>(
    _ body: ([SnapshotSection]) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(output.count == 0 && trimCount == 0, "an image is taken between inputs")
    let only = Rows<ExchangeScalars>(zeroed: 1)
    only[0] = scalars
    try body([section(.scalars, only, 1)] + tableSections)
  }

  private var tableSections: [SnapshotSection] {
    [
      section(.assets, assets, assetCount + 1),
      section(.accounts, accounts, accountCount + 1),
      section(.balances, balances, (accountCount + 1) * 2 * assets.count),
      section(.holdings, holdings, (accountCount + 1) * markets.count * 2),
      section(.orders, orders, Int(usedSlots) + 1),
      section(.fills, fills, Int(min(fillCount, UInt64(fills.count)))),
      section(.markets, markets, instrumentCount + 1),
      section(.trades, trades, (instrumentCount + 1) * Self.tradeWindow),
      section(.quotes, quotes, (instrumentCount + 1) * 2 * Self.quoteCount),
      section(.volumes, volumes, (accountCount + 1) * Self.volumeDays),
      section(.bookOrders, memory.orders, Int(usedSlots) + 1),
    ]
  }

  private func section<Row: BitwiseCopyable>(
    _ id: Section, _ rows: borrowing Rows<Row>, _ count: Int
  ) -> SnapshotSection {
    unsafe SnapshotSection(
      id: id.rawValue, rowBytes: MemoryLayout<Row>.stride, unsafeBytes: rows.bytes(count: count))
  }

  /// The exchange that an image is of; `nil` when the image is not of this version's layout.
  package static func load(_ image: borrowing LoadedSnapshot) -> Exchange? {
    let first = Rows<ExchangeScalars>(zeroed: 1)
    guard image.header.coreVersion == version, let stored = image.section(Section.scalars.rawValue), stored.count == 1,
      first.load(stored)
    else { return nil }
    var exchange = Exchange(first[0].options, startingAt: first[0].time)
    exchange.scalars = first[0]
    guard exchange.loadTables(image) else { return nil }
    exchange.remakeBooks()
    exchange.remakeIndex()
    return exchange
  }

  private func loadTables(_ image: borrowing LoadedSnapshot) -> Bool {
    for wanted in tableSections {
      guard let stored = image.section(wanted.id), stored.count == wanted.count, let id = Section(rawValue: wanted.id)
      else { return false }
      let fits =
        switch id {
        case .scalars: true
        case .assets: assets.load(stored)
        case .accounts: accounts.load(stored)
        case .balances: balances.load(stored)
        case .holdings: holdings.load(stored)
        case .orders: orders.load(stored)
        case .fills: fills.load(stored)
        case .markets: markets.load(stored)
        case .trades: trades.load(stored)
        case .quotes: quotes.load(stored)
        case .volumes: volumes.load(stored)
        case .bookOrders: memory.orders.load(stored)
        }
      guard fits else { return false }
    }
    return true
  }

  /// Each queue is walked from its head by the links that were stored, and entered again in that order.
  private mutating func remakeBooks() {
    for number in 1...max(instrumentCount, 1) where number <= instrumentCount {
      books.make(number, around: (markets[number].walk >> 16) / markets[number].rules.tick)
    }
    for slot in 1...max(Int(usedSlots), 1) where memory.orders[slot].isResting == 1 {
      guard memory.orders[slot].previous == 0 else { continue }
      var at = UInt32(slot)
      while at != 0 {
        let next = memory.orders[Int(at)].next
        books[Int(orders[Int(at)].instrument)].restore(at, memory: &memory)
        at = next
      }
    }
  }

  /// The newest order of an id wins, so they are entered by age.
  private mutating func remakeIndex() {
    var slots: [UInt32] = []
    for slot in 1...max(Int(usedSlots), 1)
    where orders[slot].number != 0 && accounts[Int(orders[slot].account)].isCustomer { slots.append(UInt32(slot)) }
    slots.sort { orders[Int($0)].number < orders[Int($1)].number }
    for slot in slots { index.insert(slot, orders) }
  }
}
