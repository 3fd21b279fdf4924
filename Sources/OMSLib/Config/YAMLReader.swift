/// Reads YAML strictly: UTF-8, no tabs, no anchors, aliases, tags or directives, no duplicate keys, one document, and
/// bounded in size, depth and number of values. What is refused is refused with its place and what to write instead.
package struct YAMLReader: ~Copyable {
  /// 1,280 accounts written out one by one, with comments, are a third of this.
  package static let fileBytesMax = 1 << 20
  /// The deepest of our files needs 6.
  package static let depthMax = 24
  package static let nodeCountMax = 100_000

  private let file: String
  private var events: YAMLEvents
  private var event: YAMLEvent
  private var nodeCount = 0

  /// The tree of `bytes`, or `nil` when it cannot be read; problems are added to the list in both cases. An empty file
  /// is an empty mapping.
  package static func read(_ bytes: [UInt8], file: String, problems: inout ProblemList) -> YAMLNode? {
    readDocuments(bytes, file: file, countMax: 1, problems: &problems)?.first
  }

  /// The trees of a file that may hold several documents, separated by `---`.
  package static func readDocuments(
    _ bytes: [UInt8], file: String, countMax: Int, problems: inout ProblemList
  ) -> [YAMLNode]? {
    guard YAMLText.check(bytes, file: file, problems: &problems) else { return nil }
    guard let events = YAMLEvents(bytes) else {
      problems.error("config.memory", at: SourcePlace(file: file, line: 1, column: 1), "not enough memory to read it")
      return nil
    }
    var reader = YAMLReader(file: file, events: events)
    return reader.documents(countMax: countMax, problems: &problems)
  }

  private init(file: String, events: consuming YAMLEvents) {
    self.file = file
    self.events = events
    self.event = self.events.next()
  }

  private var place: SourcePlace { SourcePlace(file: file, line: event.line, column: event.column) }

  private mutating func advance() {
    event = events.next()
  }

  private mutating func documents(countMax: Int, problems: inout ProblemList) -> [YAMLNode]? {
    precondition(countMax > 0, "a file holds at least one document")
    var found: [YAMLNode] = []
    while true {
      advance()
      switch event.kind {
      case .streamStart, .documentEnd: continue
      case .documentStart:
        if event.hasTag {
          problems.error("config.syntax", at: place, "directives are not read; remove the line that begins with '%'")
        }
        guard found.count < countMax else {
          problems.error("config.syntax", at: place, "a second document; put each document into a file of its own")
          return nil
        }
        advance()
        guard let node = node(depth: 1, path: "", problems: &problems) else { return nil }
        found.append(node)
      case .failure:
        reportFailure(&problems)
        return nil
      default:
        precondition(event.kind == .streamEnd, "the parser gave a node outside a document")
        let start = SourcePlace(file: file, line: 1, column: 1)
        return found.isEmpty ? [YAMLNode(content: .mapping([]), place: start, path: "")] : found
      }
    }
  }

  /// The node that the current event begins; `nil` after a problem that leaves nothing to go on with.
  private mutating func node(depth: Int, path: String, problems: inout ProblemList) -> YAMLNode? {
    let start = place
    nodeCount += 1
    guard nodeCount <= Self.nodeCountMax else {
      problems.error("config.size", at: start, "more than \(Self.nodeCountMax) values in one file; split it")
      return nil
    }
    guard depth <= Self.depthMax else {
      problems.error("config.depth", at: start, "nested deeper than \(Self.depthMax) levels")
      return nil
    }
    if event.hasAnchor {
      problems.error("config.syntax", at: start, "anchors ('&name') are not read; write the value out")
    }
    if event.hasTag {
      problems.error("config.syntax", at: start, "tags ('!name') are not read; remove it")
    }
    switch event.kind {
    case .scalar:
      return YAMLNode(content: .scalar(event.text, isPlain: event.isPlain), place: start, path: path)
    case .alias:
      problems.error("config.syntax", at: start, "aliases ('*name') are not read; write the value out, or quote it")
      return YAMLNode(content: .scalar("", isPlain: true), place: start, path: path)
    case .sequenceStart: return sequence(at: start, depth: depth, path: path, problems: &problems)
    case .mappingStart: return mapping(at: start, depth: depth, path: path, problems: &problems)
    default:
      reportFailure(&problems)
      return nil
    }
  }

  private mutating func sequence(
    at start: SourcePlace, depth: Int, path: String, problems: inout ProblemList
  ) -> YAMLNode? {
    var items: [YAMLNode] = []
    while true {
      advance()
      if event.kind == .sequenceEnd { break }
      guard let item = node(depth: depth + 1, path: "\(path)[\(items.count)]", problems: &problems) else { return nil }
      items.append(item)
    }
    return YAMLNode(content: .sequence(items), place: start, path: path)
  }

  private mutating func mapping(
    at start: SourcePlace, depth: Int, path: String, problems: inout ProblemList
  ) -> YAMLNode? {
    var entries: [YAMLEntry] = []
    var firstPlace: [String: SourcePlace] = [:]
    while true {
      advance()
      if event.kind == .mappingEnd { break }
      guard let keyNode = node(depth: depth + 1, path: path, problems: &problems) else { return nil }
      var below = path
      if case .scalar(let key, _) = keyNode.content { below = YAMLNode.path(path, key) }
      advance()
      guard let value = node(depth: depth + 1, path: below, problems: &problems) else { return nil }
      guard case .scalar(let key, _) = keyNode.content else {
        problems.error("config.syntax", at: keyNode.place, "a key must be a word, not \(keyNode.kindName)")
        continue
      }
      if let first = firstPlace[key] {
        problems.error(
          "config.duplicate", at: keyNode.place, "duplicate key '\(key)', first at \(first.line):\(first.column)")
        continue
      }
      firstPlace[key] = keyNode.place
      entries.append(YAMLEntry(key: key, keyPlace: keyNode.place, value: value))
    }
    return YAMLNode(content: .mapping(entries), place: start, path: path)
  }

  private func reportFailure(_ problems: inout ProblemList) {
    problems.error("config.syntax", at: place, event.text)
  }
}
