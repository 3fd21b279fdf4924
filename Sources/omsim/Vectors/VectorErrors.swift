import OMSLib

/// Errors: ours may say less than the other client's class, and never the opposite.
struct VectorErrors {
  let product: BinanceProduct

  init(_ product: BinanceProduct) { self.product = product }

  func run(_ root: JSONValue) -> VectorCount {
    var count = VectorCount()
    for entry in vectorCases(root) {
      let name = entry["code"]?.string ?? "?"
      count.add(outcome(entry), name)
    }
    return count
  }

  private func outcome(_ entry: JSONValue) -> VectorOutcome {
    let market = entry["market"]?.string ?? ""
    let own = product == .spot ? "spot" : "linear"
    guard market.isEmpty || market == own else { return .skipped("codes of another market") }
    guard entry["match"]?.string == "exact", let code = entry["code"]?.string.flatMap({ Int32($0) }) else {
      return .skipped("texts: only whole ones are matched here")
    }
    guard let meaning = BinanceErrorTable.meaning(of: code, product) else {
      return .skipped("codes that are in no table here: their outcome is unknown")
    }
    let parents = entry["isA"]?.elements.compactMap { $0.string } ?? []
    let name = entry["ccxtClass"]?.string ?? ""
    if contradicts(meaning, name, parents) { return .failed("\(meaning), where \(name) is meant") }
    return .passed
  }

  private func contradicts(_ meaning: BinanceMeaning, _ name: String, _ parents: [String]) -> Bool {
    switch meaning {
    case .throttled, .banned: !parents.contains("OperationFailed")
    case .key: !parents.contains("AuthenticationError") && name != "PermissionDenied"
    // One that says that it was not carried out must not be one of those that may have been.
    case .refused, .unchanged, .closed: name == "RequestTimeout" || name == "ExchangeNotAvailable"
    case .unknownOrder: !["OrderNotFound", "OperationRejected", "InvalidOrder", "BadRequest"].contains(name)
    case .clock: name != "InvalidNonce" && name != "InvalidOrder"
    case .outcomeUnknown, .notNow: false
    }
  }
}
