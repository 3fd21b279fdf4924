/// What two snapshots of one instance say differently about money, orders and what may be done: a `drift` object each.
///
/// Counters, prices and everything else that moves by itself is passed over: two snapshots of books that nothing
/// happened to are equal.
struct SnapshotCompare: ~Copyable {
  private let first: Core
  private let second: Core
  private var names = NameDirectory()
  private var newNames = NameDirectory()
  /// When the later one was made: what the objects carry.
  private let utc: UTCTime
  private var objects: [[UInt8]] = []

  /// `first` is what is "ours" in the objects, `second` "theirs".
  init(_ first: consuming Core, _ second: consuming Core, utc: UTCTime) {
    CoreNames.tell(first, to: &names)
    CoreNames.tell(second, to: &newNames)
    self.first = first
    self.second = second
    self.utc = utc
  }

  /// Balances, positions, orders, then trading states, each in the order of their numbers.
  consuming func differences() -> [[UInt8]] {
    compareBalances()
    comparePositions()
    compareOrders()
    compareTrading()
    return objects
  }

  private struct Difference {
    var kind: String
    var account = AccountID.none
    var asset: String?
    var instrument = InstrumentID.none
    var ours: String?
    var theirs: String?
    var diff: String?
    var id: String?
  }

  private mutating func add(_ difference: Difference) {
    // A number is given once: whichever of the two knows it, knows it right.
    let account = names.account(difference.account) ?? newNames.account(difference.account)
    let instrument = names.instrument(difference.instrument) ?? newNames.instrument(difference.instrument)
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "drift")
    json.member("v", 1)
    json.member("ts", utc)
    json.member("account", account?.name)
    json.member("kind", difference.kind)
    json.member("asset", difference.asset)
    json.member("symbol", instrument?.name.description)
    json.member("venue", account.flatMap { names.venue($0.venue) ?? newNames.venue($0.venue) })
    json.member("ours", difference.ours)
    json.member("theirs", difference.theirs)
    json.member("diff", difference.diff)
    json.memberNull("since")
    json.member("fixed", false)
    json.member("id", difference.id)
    json.endObject()
    objects.append(json.bytes)
  }

  // MARK: Amounts

  private mutating func compareBalances() {
    let (old, new) = (Int(first.state.global.balanceCount), Int(second.state.global.balanceCount))
    for row in 1..<(max(old, new) + 1) {
      let ours = row <= old ? first.state.balances[row] : BalanceRow()
      let theirs = row <= new ? second.state.balances[row] : BalanceRow()
      guard ours.total != theirs.total else { continue }
      // Rows are made once and stay what they are.
      let known = row <= old ? ours : theirs
      let asset = names.asset(known.asset) ?? newNames.asset(known.asset)
      let scale = asset?.scale ?? 0
      add(
        Difference(
          kind: "balance", account: known.account, asset: asset?.name, ours: ours.total.text(atLeast: scale),
          theirs: theirs.total.text(atLeast: scale), diff: (theirs.total - ours.total).text(atLeast: scale)))
    }
  }

  private mutating func comparePositions() {
    let (old, new) = (Int(first.state.global.positionCount), Int(second.state.global.positionCount))
    for row in 1..<(max(old, new) + 1) {
      let ours = row <= old ? first.state.positions[row] : PositionRow()
      let theirs = row <= new ? second.state.positions[row] : PositionRow()
      let (before, after) = (ours.book.quantity, theirs.book.quantity)
      guard before != after else { continue }
      let known = row <= old ? ours : theirs
      let rules = names.instrument(known.instrument) ?? newNames.instrument(known.instrument)
      let scale = Int(rules?.quantityScale ?? 0)
      add(
        Difference(
          kind: "position", account: known.account, instrument: known.instrument, ours: before.text(atLeast: scale),
          theirs: after.text(atLeast: scale), diff: (after - before).text(atLeast: scale)))
    }
  }

  // MARK: Orders

  private static func orders(_ core: borrowing Core) -> [UInt64: OrderImage] {
    var images: [UInt64: OrderImage] = [:]
    for slot in 0..<Int(core.state.global.orderHighWater) {
      let image = core.state.orders[slot].image
      if image.orderNumber != 0 { images[image.orderNumber] = image }
    }
    return images
  }

  /// One that is finished and has left the table is no difference.
  private mutating func compareOrders() {
    let (old, new) = (Self.orders(first), Self.orders(second))
    let (names, newNames) = (names, newNames)
    func describe(_ image: OrderImage) -> String {
      Self.describe(image, names.instrument(image.instrument) ?? newNames.instrument(image.instrument))
    }
    for number in Set(old.keys).union(new.keys).sorted() {
      let (ours, theirs) = (old[number], new[number])
      let isGone = theirs == nil && ours.flatMap { OrderStatus(rawValue: $0.statusRaw) }?.isDone == true
      let (before, after) = (ours.map { describe($0) }, theirs.map { describe($0) })
      guard before != after, !isGone, let known = ours ?? theirs else { continue }
      add(
        Difference(
          kind: "order", account: known.account, instrument: known.instrument, ours: before, theirs: after,
          id: known.id.description))
    }
  }

  /// What of an order matters here: its state, how much is filled of how much, and at which price.
  private static func describe(_ image: OrderImage, _ rules: Instrument?) -> String {
    let status = (OrderStatus(rawValue: image.statusRaw) ?? .unknown).word
    let scale = Int(rules?.quantityScale ?? 0)
    let filled = Quantity(mantissa: image.filled).text(scale: scale)
    let quantity = Quantity(mantissa: image.quantity).text(scale: scale)
    let price = Price(mantissa: image.price).text(scale: Int(rules?.priceScale ?? 0))
    return "\(status) \(filled)/\(quantity)" + (image.price > 0 ? " at \(price)" : "")
  }

  // MARK: Trading

  private mutating func compareTrading() {
    func word(_ raw: UInt8) -> String { (TradingState(rawValue: raw) ?? .halted).word }
    let (old, new) = (first.state.global, second.state.global)
    if old.tradingRaw != new.tradingRaw {
      add(Difference(kind: "trading", ours: word(old.tradingRaw), theirs: word(new.tradingRaw)))
    }
    for index in 1..<(Int(max(old.accountCount, new.accountCount)) + 1) {
      let (ours, theirs) = (first.state.accounts[index], second.state.accounts[index])
      guard ours.tradingRaw != theirs.tradingRaw else { continue }
      add(
        Difference(
          kind: "trading", account: AccountID(number: UInt16(index)), ours: word(ours.tradingRaw),
          theirs: word(theirs.tradingRaw)))
    }
    for index in 1..<(Int(max(old.instrumentCount, new.instrumentCount)) + 1) {
      let (ours, theirs) = (first.state.instruments[index], second.state.instruments[index])
      guard ours.tradingRaw != theirs.tradingRaw else { continue }
      add(
        Difference(
          kind: "trading", instrument: InstrumentID(number: UInt16(index)), ours: word(ours.tradingRaw),
          theirs: word(theirs.tradingRaw)))
    }
  }
}

/// The snapshots of an instance, looked at without its engine.
package struct SnapshotDesk {
  private let store: SnapshotStore<KernelFileSystem>

  package init(directory: String, identity: JournalIdentity) {
    store = SnapshotStore(fileSystem: KernelFileSystem(), directory: directory, identity: identity)
  }

  /// The name that `word` means: a whole name, the number of its last record, or `newest`.
  package func find(_ word: String) throws(EngineFailure) -> String {
    let names: [String]
    do throws(SnapshotError) { names = try store.names() } catch { throw EngineFailure(1, "io.snapshot", "\(error)") }
    if word == "newest", let last = names.last { return last }
    if names.contains(word) { return word }
    if let lsn = UInt64(word), names.contains(SnapshotStore<KernelFileSystem>.name(lsn: lsn)) {
      return SnapshotStore<KernelFileSystem>.name(lsn: lsn)
    }
    throw EngineFailure(18, "notfound.snapshot", "there is no snapshot '\(word)' in \(store.directory)")
  }

  /// Its `snapshot` object, after everything in it was checked.
  package func show(_ name: String) throws(EngineFailure) -> [UInt8] {
    SnapshotObject.make(SnapshotFacts(try load(name), name: name, path: store.path(name)))
  }

  /// A `drift` object for everything that differs.
  package func differences(_ first: String, _ second: String) throws(EngineFailure) -> [[UInt8]] {
    let utc = try load(second).header.created
    let compare = SnapshotCompare(try core(first), try core(second), utc: utc)
    return compare.differences()
  }

  private func load(_ name: String) throws(EngineFailure) -> LoadedSnapshot {
    do throws(SnapshotError) { return try store.load(name) } catch { throw Self.failure(error) }
  }

  private func core(_ name: String) throws(EngineFailure) -> Core {
    do throws(SnapshotError) {
      return try SnapshotLoad.load(try store.load(name), store.path(name), .standard).takeCore()
    } catch {
      throw Self.failure(error)
    }
  }

  private static func failure(_ error: SnapshotError) -> EngineFailure {
    EngineFailure(1, "io.snapshot", "\(error)")
  }
}
