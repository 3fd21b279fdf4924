/// Codes and texts of Binance's errors. What is in neither table is never taken for a refusal.
package enum BinanceErrorTable {
  private struct Row {
    let first: Int32
    let last: Int32
    let meaning: BinanceMeaning

    init(_ first: Int32, _ last: Int32, _ meaning: BinanceMeaning) {
      self.first = first
      self.last = last
      self.meaning = meaning
    }

    init(_ code: Int32, _ meaning: BinanceMeaning) { self.init(code, code, meaning) }
  }

  package static func meaning(of code: Int32, _ product: BinanceProduct) -> BinanceMeaning? {
    let own = product == .spot ? spot : usdm
    return find(code, own) ?? find(code, both)
  }

  private static func find(_ code: Int32, _ rows: [Row]) -> BinanceMeaning? {
    rows.first { code <= $0.first && code >= $0.last }?.meaning
  }

  /// The venue's numbers fall: -1100 stands before -1106.
  private static let both: [Row] = [
    Row(-1000, .outcomeUnknown), Row(-1001, .outcomeUnknown), Row(-1002, .key), Row(-1003, .throttled),
    Row(-1006, .outcomeUnknown), Row(-1007, .outcomeUnknown), Row(-1008, .notNow), Row(-1013, .refused),
    Row(-1014, .refused), Row(-1015, .throttled), Row(-1016, .notNow), Row(-1020, .refused), Row(-1021, .clock),
    Row(-1022, .key), Row(-1034, .throttled),
    Row(-1100, -1106, .refused), Row(-1108, .refused), Row(-1111, -1121, .refused), Row(-1125, .refused),
    Row(-1127, -1130, .refused), Row(-1145, .refused), Row(-1220, .closed),
    Row(-2010, .refused), Row(-2011, .refused), Row(-2013, .unknownOrder), Row(-2014, -2015, .key),
  ]

  private static let spot: [Row] = [
    // Whether both parts failed or one is decided by the parts (`SpotReplace`).
    Row(-2021, -2022, .outcomeUnknown),
    Row(-2026, .unknownOrder), Row(-2035, -2036, .refused), Row(-2038, -2039, .refused), Row(-2042, -2043, .refused),
  ]

  private static let usdm: [Row] = [
    Row(-2018, -2022, .refused), Row(-2023, .refused), Row(-2024, -2028, .refused),
    // Sizes, prices and their filters.
    Row(-4001, -4005, .refused), Row(-4013, -4016, .refused), Row(-4023, -4024, .refused),
    Row(-4046, .unchanged), Row(-4059, .unchanged),
    Row(-4061, -4062, .refused), Row(-4067, -4068, .refused), Row(-4087, -4088, .refused), Row(-4115, .refused),
    // The id is that of an order which is there: perhaps this very one, sent before.
    Row(-4116, .outcomeUnknown),
    // It is triggering: what became of it is asked.
    Row(-4117, .unknownOrder),
    Row(-4118, .refused), Row(-4120, .refused), Row(-4131, .refused), Row(-4137, -4139, .refused), Row(-4140, .closed),
    Row(-4141, .closed), Row(-4142, .refused), Row(-4161, .refused), Row(-4164, .refused), Row(-4167, -4172, .refused),
    Row(-4183, -4184, .refused), Row(-4192, .refused), Row(-4202, -4211, .refused), Row(-4400, -4403, .refused),
    Row(-4531, .refused),
    Row(-5021, -5022, .refused), Row(-5024, -5026, .refused), Row(-5027, .unchanged), Row(-5028, .clock),
    Row(-5029, .refused), Row(-5037, -5041, .refused), Row(-5043, .refused), Row(-5047, .refused),
  ]

  /// Texts that say more than the code they come with.
  private static let texts: [(begin: String, meaning: BinanceMeaning)] = [
    ("Unknown order sent.", .unknownOrder),
    ("Order does not exist.", .unknownOrder),
    // An open order has this id: perhaps this very one, sent before.
    ("Duplicate order sent.", .outcomeUnknown),
    ("Market is closed.", .closed),
    ("Account has insufficient balance for requested action.", .refused),
    ("Order would immediately match and take.", .refused),
    ("Order would trigger immediately.", .refused),
    ("Order was not canceled due to cancel restrictions.", .refused),
    ("This action is disabled on this account.", .refused),
    ("This symbol is not permitted for this account.", .refused),
    ("Order amend (quantity increase) is not supported.", .refused),
    ("Filter failure: ", .refused),
    // The three of HTTP 503.
    ("Unknown error, please check your request or try again later.", .outcomeUnknown),
    ("Service Unavailable.", .notNow),
    ("Request throttled by system-level protection", .notNow),
  ]

  package static func meaning(ofText text: String) -> BinanceMeaning? {
    texts.first { text.hasPrefix($0.begin) }?.meaning
  }

  /// `IP banned until 1659146400000`: that number.
  package static func banEnd(in text: String) -> Int64? {
    let words = text.split(separator: " ")
    guard words.contains("banned"), let place = words.firstIndex(of: "until"), place + 1 < words.count else {
      return nil
    }
    return Int64(words[place + 1].prefix { $0.isASCII && $0.isNumber })
  }
}
