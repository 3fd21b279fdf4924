import OMSLib

// 400 to 499: links that break, fall silent, or are taken away.

extension ConformanceCase {
  private static let order = ConformanceStep.limit("a", .buy, 10, at: 59_000)
  private static let next = ConformanceStep.limit("b", .buy, 10, at: 59_000)

  static let links: [ConformanceCase] = [
    ConformanceCase(
      401, "the orders' link breaks: orders go on", ways: [.socket], needsMemory: true,
      steps: [.network(.reset(.orders)), order, .hear("accepted a"), .never("unknown a", "disconnected")]),
    ConformanceCase(
      402, "the link for questions breaks", needsMemory: true,
      steps: [.network(.reset(.rest)), order, .hear("accepted a"), .never("disconnected")]),
    ConformanceCase(
      403, "the link of the account's news breaks: it is told, and it comes back", needsMemory: true,
      steps: [
        .network(.reset(.user)), .hear("disconnected"), .isUp(true, within: 2_000), .hear("connected"), order,
        .hear("accepted a"),
      ]),
    ConformanceCase(
      404, "every link breaks again and again", needsMemory: true,
      steps: afterFall(1), afterFall(2), afterFall(3), afterFall(4), afterFall(5)),
    ConformanceCase(
      405, "the other end of the orders' link has vanished: two seconds later that is known", ways: [.socket],
      needsMemory: true,
      steps: [
        .network(.freeze(.orders, .toVenue)), .network(.freeze(.orders, .toClient)), order,
        .hear(["unknown a"], within: 2_100), .never("rejected a refused", "accepted a"),
        .pass(milliseconds: 1_000), next, .hear("accepted b"), .query("a"), .hear("absent a"),
      ]),
    ConformanceCase(
      406, "orders leave, and nothing comes back", ways: [.socket], needsMemory: true,
      steps: [
        .network(.freeze(.orders, .toClient)), .network(.freeze(.user, .toClient)), order,
        .hear(["unknown a"], within: 2_100), .never("rejected a refused", "accepted a"), .hear("disconnected"),
        .isUp(true, within: 10_000), .query("a"), .hear("report a open 0"),
      ]),
    ConformanceCase(
      407, "the news fall silent, and their link is given up", needsMemory: true,
      steps: [
        .network(.freeze(.user, .toClient)), .hear(["disconnected"], within: 2_100), .isUp(true, within: 5_000),
        order, .hear("accepted a"),
      ]),
    ConformanceCase(
      408, "the exchange announces that it goes: another link is there before", needsMemory: true,
      steps: [
        .exchange(.announceShutdown), .pass(milliseconds: 500), order, .hear("accepted a"),
        .exchange(.closeSockets("/nowhere", code: 1_001)), .never("disconnected", "unknown a"),
      ]),
    ConformanceCase(
      409, "the exchange closes every socket", needsMemory: true,
      steps: [
        .exchange(.closeSockets("", code: 1_008)), .hear("disconnected"), .isUp(true, within: 20_000), order,
        .hear("accepted a"),
      ]),
    ConformanceCase(
      410, "what brings the account's news is ended: it is asked for anew", needsMemory: true,
      steps: [
        .exchange(.endUserData), .hear("disconnected"), .isUp(true, within: 5_000), order, .hear("accepted a"),
        .limit("b", .sell, 10, at: 61_000), .hear("accepted b"), .fill("b", quantity: 10), .hear("fill b 10@61000"),
      ]),
    ConformanceCase(
      411, "nobody can be reached: orders are not sent", needsMemory: true,
      steps: everywhere(.refusing(111)),
      [
        .exchange(.resetAll), .isUp(false, within: 3_000), .pass(milliseconds: 4_000), order,
        .hear(["notSent a none"], within: 12_000), .never("unknown a"),
      ]),
    ConformanceCase(
      412, "names are not known for a while", needsMemory: true,
      steps: everywhere(.nameless),
      [
        .exchange(.resetAll), .isUp(false, within: 3_000), .pass(milliseconds: 5_000),
      ], everywhere(.open), [.isUp(true, within: 30_000), order, .hear("accepted a")]),
    ConformanceCase(
      413, "bytes come one by one", ways: [.socket], needsMemory: true,
      steps: [
        .network(.faults(drip)), order, .hear(["accepted a"], within: 3_000), .fill("a", quantity: 10),
        .hear(["fill a 10@59000"], within: 3_000),
      ]),
    ConformanceCase(
      414, "the network loses, delays and mixes up", needsMemory: true,
      steps: [.network(.faults(storm))], burst("a", 10),
      [
        .pass(milliseconds: 300), .hear(each("accepted a", 10), within: 10_000),
      ]),
    ConformanceCase(
      415, "an order's frame is cut", ways: [.socket], needsMemory: true,
      steps: [
        .network(.cut(.orders, .toVenue, bytes: 100)), order, .hear("unknown a"), .query("a"),
        .hear(["absent a"], within: 3_000), .never("rejected a refused", "notSent a none"), .holds(["a": 0]),
      ]),
    ConformanceCase(
      416, "an order's request is cut", ways: [.rest], needsMemory: true,
      steps: [
        .network(.cut(.rest, .toVenue, bytes: 100)), order, .hear(["unknown a"], within: 3_000), .query("a"),
        .hear(["absent a"], within: 3_000), .never("rejected a refused", "notSent a none"), .holds(["a": 0]),
      ]),
    ConformanceCase(
      417, "an answer is cut", needsMemory: true,
      steps: [
        .network(.cut(.orders, .toClient, bytes: 60)), .network(.cut(.rest, .toClient, bytes: 60)), order,
        .hear(["unknown a", "accepted a"], within: 3_000), .never("rejected a refused"), .holds(["a": 1]),
      ]),
    ConformanceCase(
      418, "that news will come is said in words that nobody can read", ways: [.socket], needsMemory: true,
      steps: listening(.answer(status: 200, body: "{}")),
      [.exchange(.endUserData), .hear("disconnected"), .isUp(true, within: 20_000), order, .hear("accepted a")]),
    ConformanceCase(
      419, "whether news will come is not said", ways: [.socket], needsMemory: true,
      steps: listening(.loseAnswer),
      [.exchange(.endUserData), .hear("disconnected"), .isUp(true, within: 20_000), order, .hear("accepted a")]),
    ConformanceCase(
      420, "the answer about the account's stream is lost", [.usdm], ways: [.socket], needsMemory: true,
      steps: [
        .trouble(VenueTrouble(.news(["\"result\":null"]), .lose)), .exchange(.endUserData), .hear("disconnected"),
        .isUp(true, within: 20_000), order, .hear("accepted a"),
      ]),
  ]

  private static func afterFall(_ number: Int) -> [ConformanceStep] {
    [
      .exchange(.resetAll), .hear("disconnected"), .isUp(true, within: 20_000),
      .limit("a\(number)", .buy, 10, at: 59_000),
      .hear(["accepted a\(number)"], within: 3_000),
    ]
  }

  /// Wrong with what brings the account's news, on whichever product.
  private static func listening(_ act: VenueTrouble.Act) -> [ConformanceStep] {
    ["userDataStream.subscribe", "POST /fapi/v1/listenKey"].map { .trouble(VenueTrouble(.call($0), act)) }
  }

  private static func everywhere(_ mood: HostMood) -> [ConformanceStep] {
    VenueHost.Use.allCases.map { .network(.mood($0, mood)) }
  }

  private static var drip: WireFaults {
    var faults = WireFaults(delayNanoseconds: 1_000_000)
    faults.pieceBytes = 1
    faults.bytesPerSecond = 100_000
    return faults
  }

  private static var storm: WireFaults {
    var faults = WireFaults(delayNanoseconds: 20_000_000, jitterNanoseconds: 200_000_000)
    faults.lostPerMillion = 100_000
    faults.pieceBytes = 200
    return faults
  }
}
