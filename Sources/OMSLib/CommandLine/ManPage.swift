/// One page of the manual, made of the table of commands or of a topic.
package struct ManPage: Sendable {
  package let name: String
  package let section: Int
  /// mdoc.
  package let source: String
  /// The same for who has neither man nor mandoc.
  package let plain: String

  package var fileName: String { "\(name).\(section)" }

  /// What stands for it behind `oms man`: `order`, `safety`, `accounts.yaml`, or its whole name.
  package func isCalled(_ word: String) -> Bool {
    [name, fileName, String(name.dropFirst(4))].contains(word) && !word.isEmpty
  }
}

/// The manual: `oms.1`, a page for each first word of a command, file formats, topics.
package struct Manual {
  let specs: [CommandSpec]
  let topics: [HelpTopic]
  let files: [HelpTopic]
  let environment: [(String, String)]
  let version: String

  /// `environment`: variables with their meaning.
  package init(
    specs: [CommandSpec], topics: [HelpTopic], files: [HelpTopic], environment: [(String, String)], version: String
  ) {
    self.specs = specs
    self.topics = topics
    self.files = files
    self.environment = environment
    self.version = version
  }

  package var pages: [ManPage] {
    [overview] + specs.firstWords.map { command($0) } + files.map { file($0) } + [jsonl]
      + Self.topicPages.compactMap { page in
        let found = page.topics.compactMap { name in topics.first { $0.name == name } }
        return found.isEmpty ? nil : topic(page.name, found)
      }
  }

  /// What stands for each page behind `oms man`, known without writing the pages.
  package var words: [String] {
    ["oms"] + specs.firstWords + files.map(\.name) + ["jsonl"] + Self.topicPages.map { String($0.name.dropFirst(4)) }
  }

  private static let topicPages = [
    (name: "oms-exit", topics: ["exit-codes"]), (name: "oms-safety", topics: ["safety", "accounts", "emergency"]),
    (name: "oms-recipes", topics: ["recipes", "batch", "streams", "rings"]),
  ]

  // MARK: Commands

  private func command(_ word: String) -> ManPage {
    let members = specs.filter { $0.words[0] == word }
    let name = "oms-\(word)"
    var page = Mdoc(name, section: 1, version: version)
    let summary =
      members.count == 1 ? members[0].summary : members.map { $0.words[1] }.joined(separator: ", ")
    page.name(name, summary)
    page.heading("SYNOPSIS")
    for spec in members { synopsis(spec, &page) }
    page.heading("DESCRIPTION")
    for spec in members {
      if members.count > 1 { page.subheading("oms \(spec.name)") }
      describe(spec, &page)
    }
    page.paragraph("Flags that every command takes are in oms(1).")
    page.heading("EXIT STATUS")
    let exits = members.flatMap { HelpText.exits(of: $0) }
    page.terms(
      ExitCode.allCases.filter { exits.contains($0) }.map { ("\($0.rawValue)", $0.meaning) })
    let examples = members.flatMap(\.examples)
    if !examples.isEmpty {
      page.heading("EXAMPLES")
      page.examples(examples)
    }
    let others = members.flatMap(\.seeAlso).map { "oms-" + $0.split(separator: " ")[0] }
    let names = Set(others).subtracting([name])
    page.seeAlso(names.map { ($0, 1) } + [("oms", 1), ("oms-exit", 7)])
    return ManPage(
      name: name, section: 1, source: page.text,
      plain: members.map { HelpText.command($0) }.joined(separator: "\n"))
  }

  private func synopsis(_ spec: CommandSpec, _ page: inout Mdoc) {
    page.raw(".Nm oms \(spec.name)")
    for argument in spec.arguments {
      let name = Mdoc.quoted(argument.name)
      let dots = argument.repeats ? " ..." : ""
      page.raw(argument.isRequired ? ".Ar \(name)\(dots)" : ".Op Ar \(name)\(dots)")
    }
    if !spec.flags.isEmpty { page.raw(".Op Ar FLAGS") }
    if spec.takesCommand { page.raw(".Op Fl - Ar COMMAND ...") }
  }

  private func describe(_ spec: CommandSpec, _ page: inout Mdoc) {
    page.paragraph(spec.summary + ".")
    if !spec.details.isEmpty { page.paragraph(spec.details) }
    if !spec.arguments.isEmpty {
      page.terms(spec.arguments.map { ("Ar \(Mdoc.quoted($0.usage))", $0.help + ".") }, raw: true)
    }
    for (section, flags) in HelpText.sections(spec.flags) {
      if !section.isEmpty { page.paragraph("\(section):") }
      page.terms(flags.map { (Self.head($0), HelpText.explanation($0) + ".") }, raw: true)
    }
    page.paragraph(
      spec.objects.isEmpty
        ? "It prints no objects." : "It prints objects of type \(spec.objects.joined(separator: ", ")): oms-jsonl(5).")
  }

  /// `Fl a , Fl -account Ar SEL`
  private static func head(_ flag: FlagSpec) -> String {
    var head = flag.short.map { "Fl \($0) , " } ?? ""
    head += "Fl -\(Mdoc.escaped(flag.name))"
    if flag.hasNegation { head = "Fl -\(Mdoc.escaped(flag.name)) , Fl -no\\-\(Mdoc.escaped(flag.name))" }
    switch flag.kind {
    case .toggle, .count: return head
    case .value, .list: return head + " Ar \(Mdoc.quoted(flag.valueName))"
    case .optional: return head + " Op Ar \(Mdoc.quoted(flag.valueName))"
    }
  }

  // MARK: The program

  private var overview: ManPage {
    var page = Mdoc("oms", section: 1, version: version)
    page.name("oms", "order management system for the shell")
    page.heading("SYNOPSIS")
    page.raw(".Nm")
    page.raw(".Ar COMMAND")
    page.raw(".Op Ar ARGUMENTS")
    page.raw(".Op Ar FLAGS")
    page.heading("DESCRIPTION")
    page.paragraph(
      """
      `oms run` holds the engine, every other command talks to it. Without configuration it is a paper session on a \
      built-in exchange: no network, no keys, no risk. Results go to standard output, everything else to standard error.
      """)
    for group in CommandSpec.Group.allCases {
      let members = specs.filter { $0.group == group }
      guard !members.isEmpty else { continue }
      page.subheading("\(group.rawValue)")
      page.terms(members.map { ("oms \($0.name)", $0.summary + ".") })
    }
    page.subheading("Flags of every command")
    page.paragraph("Flags may stand anywhere behind the command; a flag with one value is said once.")
    page.terms(FlagSpec.global.map { (Self.head($0), HelpText.explanation($0) + ".") }, raw: true)
    page.heading("ENVIRONMENT")
    page.terms(environment.map { ("Ev \($0.0)", $0.1) }, raw: true)
    if let files = topics.first(where: { $0.name == "files" }) {
      page.heading("FILES")
      for block in files.blocks { write(block, &page) }
    }
    page.heading("EXIT STATUS")
    page.paragraph("0 when the requested condition holds. All codes are in oms-exit(7).")
    page.heading("EXAMPLES")
    page.examples([
      .init("oms run -- oms order buy BTC-USDT 0.01 --market", "a first order, on the simulated venue"),
      .init("oms help emergency", "what to type when something is wrong"),
    ])
    page.seeAlso(
      specs.firstWords.map { ("oms-\($0)", 1) } + files.map { (Self.pageName(ofFile: $0), 5) } + [("oms-jsonl", 5)]
        + Self.topicPages.map { ($0.name, 7) })
    return ManPage(
      name: "oms", section: 1, source: page.text,
      plain: HelpText.overview(specs, topics: topics, state: nil) + "\n" + HelpText.tree(specs))
  }

  // MARK: Files and topics

  private func file(_ topic: HelpTopic) -> ManPage {
    let name = Self.pageName(ofFile: topic)
    var page = Mdoc(name, section: 5, version: version)
    page.name(name, topic.summary)
    page.heading("DESCRIPTION")
    for block in topic.blocks { write(block, &page) }
    page.seeAlso(files.filter { $0.name != topic.name }.map { (Self.pageName(ofFile: $0), 5) } + [("oms", 1)])
    return ManPage(name: name, section: 5, source: page.text, plain: topic.text)
  }

  /// Others have an `accounts.yaml` too.
  private static func pageName(ofFile topic: HelpTopic) -> String {
    topic.name.hasPrefix("oms") ? topic.name : "oms-" + topic.name
  }

  private var jsonl: ManPage {
    var page = Mdoc("oms-jsonl", section: 5, version: version)
    page.name("oms-jsonl", "objects that oms prints")
    page.heading("DESCRIPTION")
    let output = topics.first { $0.name == "output" }
    for block in output?.blocks ?? [] { write(block, &page) }
    var plain = output?.text ?? ""
    page.heading("OBJECTS")
    for type in ObjectCatalog.all {
      page.subheading(type.name)
      let fields = type.fields.map { (head: $0.name, body: Self.meaning($0)) }
      page.paragraph(type.meaning)
      page.terms(fields)
      plain += "\n\(type.name): \(type.meaning)\n" + HelpText.list(fields.map { ($0.head, $0.body) })
    }
    page.seeAlso([("oms", 1), ("oms-schema", 1), ("oms-events", 1)])
    return ManPage(name: "oms-jsonl", section: 5, source: page.text, plain: plain)
  }

  private static func meaning(_ field: ObjectType.Field) -> String {
    var text = field.kind.choices.isEmpty ? field.kind.label : field.kind.choices.joined(separator: ", ")
    if field.isNullable { text += ", or null" }
    if field.isOptional { text += ", or missing" }
    return text
  }

  private func topic(_ name: String, _ topics: [HelpTopic]) -> ManPage {
    var page = Mdoc(name, section: 7, version: version)
    page.name(name, topics[0].summary)
    page.heading("DESCRIPTION")
    page.paragraph(topics.map { $0.summary + "." }.joined(separator: " "))
    for topic in topics {
      if topics.count > 1 { page.heading(topic.name.uppercased()) }
      for block in topic.blocks { write(block, &page) }
    }
    page.seeAlso([("oms", 1)] + Self.topicPages.filter { $0.name != name }.map { ($0.name, 7) })
    return ManPage(
      name: name, section: 7, source: page.text, plain: topics.map(\.text).joined(separator: "\n"))
  }

  private func write(_ block: HelpTopic.Block, _ page: inout Mdoc) {
    switch block {
    case .heading(let title): page.subheading(title)
    case .text(let text): page.paragraph(text)
    case .terms(let rows): page.terms(rows.map { (head: $0.0, body: $0.1) })
    case .lines(let lines): page.examples(lines)
    case .verbatim(let lines): page.verbatim(lines)
    }
  }
}
