import OMSLib

/// The manual of this program.
enum ManualPages {
  static let all: [ManPage] =
    Manual(
      specs: CommandTable.specs, topics: HelpTopics.all, files: HelpTopic.configurationFiles,
      environment: EnvironmentVariable.allCases.map { ($0.rawValue, $0.summary) }, version: Build.version
    ).pages

  /// Of `order`, `risk show`, `safety`, `accounts.yaml`; without words that of the program.
  static func page(_ words: [String]) throws(ErrorObject) -> ManPage {
    let word = words.first ?? "oms"
    if let page = all.first(where: { $0.isCalled(word) }) { return page }
    let known = all.map(\.name) + all.map { String($0.name.dropFirst(4)) }
    let guess = Spelling.nearest(to: word, among: known).map { "; did you mean `oms man \($0)`?" } ?? ""
    throw .usage("command", "the manual has no page '\(word)'\(guess)", hint: "oms man lists them at its end")
  }
}
