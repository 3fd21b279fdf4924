import OMSLib

/// The manual of this program.
enum ManualPages {
  static let manual = Manual(
    specs: CommandTable.specs, topics: HelpTopics.all, files: HelpTopic.configurationFiles,
    environment: EnvironmentVariable.allCases.map { ($0.rawValue, $0.summary) }, version: Build.version)

  static var all: [ManPage] { manual.pages }

  /// Of `order`, `risk show`, `safety`, `accounts.yaml`; without words that of the program.
  static func page(_ words: [String]) throws(ErrorObject) -> ManPage {
    let word = words.first ?? "oms"
    if let page = all.first(where: { $0.isCalled(word) }) { return page }
    let guess = Spelling.nearest(to: word, among: manual.words).map { "; did you mean `oms man \($0)`?" } ?? ""
    throw .usage("command", "the manual has no page '\(word)'\(guess)", hint: "oms man lists them at its end")
  }
}
