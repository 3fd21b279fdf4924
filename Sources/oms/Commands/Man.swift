import OMSLib

/// `oms man`: a page of the manual, whether it is installed or not.
struct ManCommand: Command {
  static let spec = CommandSpec(
    "man", group: .administration, summary: "Show a page of the manual",
    details: "The pages are in the program itself. They are shown by man, else by mandoc, else as plain text.",
    examples: [
      .init("oms man order", "a command; those of two words have one page together"),
      .init("oms man safety", "a subject; also exit, recipes, jsonl"),
      .init("oms man accounts.yaml", "a file"),
      .init("oms man --source order", "as mdoc, for other formatters"),
    ],
    arguments: [
      ArgumentSpec("PAGE", .thing(.page), .any, help: "Command, subject or file; without it the program itself")
    ],
    flags: [.toggle("source", "Print the mdoc instead of showing the page")], seeAlso: ["help"])

  private let words: [String]
  private let isSource: Bool

  init(_ line: ParsedLine) throws(ErrorObject) {
    words = line.arguments.words
    isSource = line.arguments.has("source")
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let page = try ManualPages.page(words)
    if isSource {
      try context.output.text(page.source)
      return .ok
    }
    // Not below /tmp, where others could have put something under that name.
    let directory = context.paths.cacheDirectory
    let file = "\(directory)/man-\(ProcessIdentity.number).\(page.section)"
    if (try? ScratchFile.write(Array(page.source.utf8), to: file, under: directory)) != nil {
      defer { try? KernelFileSystem().remove(file) }
      for reader in [["man", "-l", file], ["mandoc", "-a", file]] {
        if let status = shown(by: reader), status == 0 { return .ok }
      }
    }
    try context.output.text(page.plain)
    return .ok
  }

  /// The status of a formatter; `nil` when there is none of that name.
  private func shown(by reader: [String]) -> UInt8? {
    guard let child = try? ChildProcess.start(reader, with: []) else { return nil }
    return (try? child.end(wait: true)) ?? nil
  }
}
