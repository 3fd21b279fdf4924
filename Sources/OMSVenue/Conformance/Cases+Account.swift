import OMSLib

// 500 to 599: what an account has, as far as it is told or asked for.

extension ConformanceCase {
  private static let sell = ConformanceStep.limit("a", .sell, 10, at: 61_000)

  static let accounts: [ConformanceCase] = [
    ConformanceCase(
      501, "what was filled while nobody listened is found", needsMemory: true,
      steps: [
        sell, .hear("accepted a"), .network(.freeze(.user, .toClient)), .fill("a", quantity: 4),
        .hear(["disconnected"], within: 3_000), .isUp(true, within: 5_000), .never("fill a 4@61000"),
        .ask(.queryFills), .hear("replayed fill a 4@61000"),
      ]),
    ConformanceCase(
      502, "open orders are found, and what has ended is not among them",
      steps: [
        sell, .limit("b", .buy, 10, at: 59_000), .hear("accepted a", "accepted b"), .cancel("b"), .hear("cancelled b"),
        .ask(.queryOpenOrders), .hear("report a open 0"), .never("report b open 0"),
      ]),
    ConformanceCase(
      503, "money from outside is told",
      steps: [.exchange(.deposit(1_000)), .hear("deposit")]),
    ConformanceCase(
      504, "leverage is set", [.usdm], ways: [.socket],
      steps: [.setLeverage(7), .hear("accepted ")]),
    ConformanceCase(
      505, "orders fall when nobody says that we are there", [.usdm], ways: [.socket], needsMemory: true,
      steps: [
        sell, .hear("accepted a"), .deadman(milliseconds: 3_000), .pass(milliseconds: 2_000), .never("cancelled a"),
        .hear(["cancelled a"], within: 3_000),
      ]),
    ConformanceCase(
      506, "a position that cannot be held is taken away", [.usdm], ways: [.socket], needsMemory: true,
      steps: [
        .level(.sell, quantity: 100_000, price: 60_000), .market("a", .buy, 100_000), .hear("fill a 100000@60000"),
        .exchange(.moveTo(price: 48_000)), .hear(["liquidation"], within: 10_000),
      ]),
    ConformanceCase(
      507, "a position turns over", [.usdm], ways: [.socket],
      steps: [
        .level(.sell, quantity: 10, price: 60_000), .market("a", .buy, 10), .hear("fill a 10@60000"),
        .level(.buy, quantity: 30, price: 60_000), .market("b", .sell, 30), .hear("fill b 30@60000"),
      ]),
    ConformanceCase(
      508, "a hundred fills are found, page by page", ways: [.socket], needsMemory: true,
      steps: [.limit("a", .sell, 200, at: 61_000), .hear("accepted a")], fills("a", 100), [.pass(milliseconds: 500)]),
  ]

  private static func fills(_ name: String, _ count: Int) -> [ConformanceStep] {
    (1...count).map { _ in .fill(name, quantity: 2) }
  }
}
