import Testing

@testable import OMSLib

@Suite struct ExchangeImageTests {
  private static let identity = JournalKit.identity

  /// Through a file, as a start does it.
  private func copy(_ exchange: borrowing Exchange) throws -> Exchange? {
    let store = SnapshotStore(fileSystem: JournalKit.makeDisk(), directory: "/images", identity: Self.identity)
    let header = SnapshotHeader(
      identity: Self.identity, coreVersion: Exchange.version, end: JournalEnd(), created: exchange.time)
    var name = ""
    try exchange.withSections { (sections) throws(SnapshotError) in name = try store.write(header, sections) }
    return Exchange.load(try store.load(name))
  }

  /// What the copy says from here on is what the original says: orders, queues, triggers, ids, funding, all of it.
  @Test(arguments: [UInt64(1), 2, 3, 4])
  func anExchangeGoesOnFromItsImageAsIfNothingHadHappened(seed: UInt64) throws {
    var options = ExchangeDriver.small
    options.seed = seed
    var original = ExchangeDriver(.standard(), options)
    var customers = RandomCustomers(seed: seed)
    for _ in 0..<(300 + Int(seed) * 37) { customers.act(on: &original) }
    var twin = ExchangeDriver(.standard(), options)
    guard let loaded = try copy(original.exchange) else {
      Issue.record("an image of this version loads")
      return
    }
    twin.adopt(loaded, of: original)
    #expect(twin.ledger == original.ledger)
    var others = customers
    for _ in 0..<300 {
      let wanted = customers.act(on: &original)
      let got = others.act(on: &twin)
      guard "\(got)" == "\(wanted)" else {
        Issue.record("the copy answers otherwise")
        return
      }
    }
    expect(twin.exchange.isSound(), is: true)
    #expect(twin.ledger == original.ledger)
    #expect(original.ledger.contains { $0.hasPrefix("fill ") })
  }

  @Test func anImageOfAnotherVersionIsNotLoaded() throws {
    let driver = ExchangeDriver(.standard())
    let store = SnapshotStore(fileSystem: JournalKit.makeDisk(), directory: "/images", identity: Self.identity)
    let header = SnapshotHeader(
      identity: Self.identity, coreVersion: Exchange.version + 1, end: JournalEnd(), created: driver.exchange.time)
    var name = ""
    try driver.exchange.withSections { (sections) throws(SnapshotError) in name = try store.write(header, sections) }
    let loaded = Exchange.load(try store.load(name))
    let isRefused = loaded == nil
    #expect(isRefused)
  }
}
