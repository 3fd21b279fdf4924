/// `oms.yaml`: the engine as a whole.
enum OMSFile {
  static let name = "oms.yaml"
  /// A segment is preallocated and read back whole at start.
  private static let segmentBytes = (1 << 20)...(1 << 30)

  /// Writes what the file says over `settings`. Gives the place of `default_account`, which is checked once the
  /// accounts are known.
  static func read(_ node: YAMLNode, into settings: inout EngineSettings, problems: inout ProblemList) -> SourcePlace? {
    var fields = SettingFields(node, problems: &problems)
    fields.takeVersion(&problems)
    fields.tellDefault("default_account", settings.defaultAccount, &problems)
    if let node = fields.take("instance"), let text = node.text(&problems) {
      if isInstanceName(text) {
        settings.instance = text
      } else {
        problems.error("config.name", at: node.place, "instance '\(text)': 1 to 32 of a-z, 0-9, '-' and '_'")
      }
    }
    if let node = fields.take("instance_tag"), let text = node.text(&problems), !text.isEmpty {
      if isTag(text) {
        settings.tag = text
      } else {
        problems.error("config.name", at: node.place, "instance_tag '\(text)': five of 0-9 and a-v")
      }
    }
    let defaultAccount = fields.take("default_account")
    if let text = defaultAccount?.text(&problems) { settings.defaultAccount = text }
    fields.set(&settings.reportCurrency, "report_currency", &problems) { $0.text(&$1) }
    fields.set(&settings.dataDirectory, "data_dir", &problems) { $0.absolutePath(&$1) }
    fields.set(&settings.journal.durability, "durability", &problems) { $0.word(&$1) }
    fields.set(&settings.operators, "operators", &problems) { operators($0, &$1) }
    fields.set(&settings.cpus, "cpu", &problems) { cpus($0, &$1) }
    if let node = fields.section("journal", &problems) { readJournal(node, &settings.journal, &problems) }
    if let node = fields.section("snapshot", &problems) {
      var inner = SettingFields(node, problems: &problems)
      inner.set(&settings.snapshot.everyNanoseconds, "every", &problems) { $0.duration(&$1) }
      inner.set(&settings.snapshot.retention, "keep", &problems) { $0.retention(&$1) }
      inner.finish(&problems)
    }
    if let node = fields.section("log", &problems) {
      var inner = SettingFields(node, problems: &problems)
      inner.set(&settings.log.level, "level", &problems) { $0.word(&$1) }
      inner.set(&settings.log.retention, "retain", &problems) { $0.retention(&$1) }
      inner.finish(&problems)
    }
    if let node = fields.section("nats", &problems) {
      var inner = SettingFields(node, problems: &problems)
      inner.set(&settings.nats.url, "url", &problems) { $0.text(&$1) }
      inner.set(&settings.nats.retention, "retain", &problems) { $0.retention(&$1) }
      inner.set(&settings.nats.replicas, "replicas", &problems) { $0.integer(1...5, &$1) }
      inner.finish(&problems)
    }
    if let node = fields.section("gateway", &problems) {
      var inner = SettingFields(node, problems: &problems)
      inner.set(&settings.gateway.listen, "listen", &problems) { $0.text(&$1) }
      inner.set(&settings.gateway.certificatePath, "tls_cert", &problems) { $0.absolutePath(&$1) }
      inner.set(&settings.gateway.keyPath, "tls_key", &problems) { $0.absolutePath(&$1) }
      inner.finish(&problems)
    }
    fields.finish(&problems)
    return defaultAccount?.place
  }

  private static func readJournal(_ node: YAMLNode, _ journal: inout JournalSettings, _ problems: inout ProblemList) {
    var fields = SettingFields(node, problems: &problems)
    fields.tellDefault("segment", "\(journal.segmentBytes >> 20)MiB", &problems)
    if let node = fields.take("segment"), let bytes = node.byteCount(segmentBytes, &problems) {
      if bytes.nonzeroBitCount == 1 {
        journal.segmentBytes = bytes
      } else {
        problems.error("config.range", at: node.place, "a segment is a power of two; write for example 64MiB")
      }
    }
    fields.set(&journal.retention, "retain", &problems) { $0.retention(&$1) }
    fields.set(&journal.fallback, "fallback", &problems) { $0.absolutePath(&$1) }
    fields.finish(&problems)
  }

  private static func cpus(_ node: YAMLNode, _ problems: inout ProblemList) -> [CPUSetting]? {
    var found: [CPUSetting] = []
    for entry in SettingFields(node, problems: &problems).all() {
      guard let cpu = entry.value.integer(0...4_095, &problems) else { continue }
      found.append(CPUSetting(agent: entry.key, cpu: cpu))
    }
    return found.sorted { $0.agent < $1.agent }
  }

  /// Public keys of 32 bytes: 64 hexadecimal digits.
  private static func operators(_ node: YAMLNode, _ problems: inout ProblemList) -> [String]? {
    guard let items = node.list(&problems) else { return nil }
    var keys: [String] = []
    for item in items {
      guard case .scalar(let text, _) = item.content, text.utf8.count == 64,
        text.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) })
      else {
        problems.error("config.type", at: item.place, "not an Ed25519 public key; write its 64 digits of 0-9 and a-f")
        continue
      }
      keys.append(text)
    }
    return keys
  }

  /// Instance names become parts of paths and of the ring's name.
  static func isInstanceName(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x5F
      }
  }

  static func isTag(_ text: String) -> Bool {
    text.utf8.count == 5 && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x76) }
  }
}

extension YAMLNode {
  /// Empty, or a path from the root: what a relative one means would depend on where the engine was started.
  func absolutePath(_ problems: inout ProblemList) -> String? {
    guard let text = text(&problems) else { return nil }
    guard text.isEmpty || text.hasPrefix("/") else {
      problems.error(
        "config.path", at: place, "'\(text)' is relative; write the path from the root, beginning with '/'")
      return nil
    }
    return text
  }
}
