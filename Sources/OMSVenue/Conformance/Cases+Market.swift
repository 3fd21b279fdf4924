import OMSLib

// 600 to 699: the market, as far as it is seen.

extension ConformanceCase {
  private static let book: [ConformanceStep] = [
    .level(.buy, quantity: 5, price: 59_990), .level(.sell, quantity: 7, price: 60_010),
    .level(.buy, quantity: 2, price: 59_980), .sees(within: 10_000),
  ]
  private static let change: [ConformanceStep] = [
    .level(.buy, quantity: 3, price: 59_995), .level(.sell, quantity: 1, price: 60_005),
    .level(.sell, quantity: 9, price: 60_020), .sees(within: 10_000),
  ]

  private static func depth(_ act: VenueTrouble.Act, count: Int = 1) -> [ConformanceStep] {
    [.trouble(VenueTrouble(.news(["\"depthUpdate\""]), act, count: count))]
  }

  static let markets: [ConformanceCase] = [
    ConformanceCase(601, "the market is seen as it is", ways: [.socket], needsMemory: true, steps: book, change),
    ConformanceCase(
      602, "a change is lost: the book is read anew", ways: [.socket], needsMemory: true,
      steps: book, depth(.lose), change, change),
    ConformanceCase(
      603, "a change comes twice", ways: [.socket], needsMemory: true,
      steps: book, depth(.repeated(nanoseconds: 200_000_000), count: 5), change, change),
    ConformanceCase(
      604, "a change comes behind the next ones", ways: [.socket], needsMemory: true,
      steps: book, depth(.delay(nanoseconds: 500_000_000)), change, change),
    ConformanceCase(
      605, "what comes is no change at all", ways: [.socket], needsMemory: true,
      steps: book, depth(.answer(status: 200, body: "{\"e\":\"depthUpdate\",\"U\":[")), change, change),
    ConformanceCase(
      606, "the answer with the whole book is lost", ways: [.socket], needsMemory: true,
      steps: [
        .trouble(VenueTrouble(.call("/depth"), .loseAnswer)), .level(.buy, quantity: 5, price: 59_990),
        .level(.sell, quantity: 7, price: 60_010), .sees(within: 30_000),
      ], change),
    ConformanceCase(
      607, "the market's link breaks: nothing is seen until it is there again", ways: [.socket], needsMemory: true,
      steps: book,
      [
        .network(.mood(.books, .refusing(111))), .network(.reset(.books)), .isBlind(within: 200),
        .network(.mood(.books, .open)), .sees(within: 30_000), .never("disconnected"),
      ], change),
    ConformanceCase(
      608, "the market falls silent: what was seen is not seen any more", ways: [.socket], needsMemory: true,
      steps: book,
      [
        .network(.mood(.books, .refusing(111))), .network(.freeze(.books, .toClient)), .isBlind(within: 10_000),
        .network(.mood(.books, .open)), .sees(within: 30_000), .never("disconnected"),
      ]),
    ConformanceCase(
      609, "the exchange closes the market's links", ways: [.socket], needsMemory: true,
      steps: book,
      [
        .exchange(.closeSockets("/public", code: 1_001)), .exchange(.closeSockets("/stream", code: 1_001)),
        .sees(within: 30_000),
      ], change),
  ]
}
