/// Files of `conf.d`: each may hold keys of any of the five files and adds to them. Nothing is overridden: a value that is
/// said twice is an error, since either could be the one that was meant.
enum ConfigFragment {
  /// The top-level keys of each file, as its reader knows them.
  static let homes: [(key: String, file: String)] = ConfigFile.names.flatMap { name in
    SettingLog.describing(name).settings.compactMap { setting in
      setting.path.isEmpty || setting.path.contains(".") ? nil : (setting.path, name)
    }
  }

  static func add(_ node: YAMLNode, to nodes: inout [String: YAMLNode], _ problems: inout ProblemList) {
    guard case .mapping(let entries) = node.content else {
      if !node.isAbsent {
        problems.error("config.type", at: node.place, "\(node.kindName) where 'key: value' belongs")
      }
      return
    }
    for entry in entries {
      guard let home = homes.first(where: { $0.key == entry.key })?.file else {
        let keys = homes.map(\.key)
        let near = Spelling.nearest(to: entry.key, among: keys).map { "; did you mean '\($0)'?" }
        let advice = "; known here: " + Set(keys).sorted().joined(separator: ", ")
        problems.error("config.key", at: entry.keyPlace, "unknown key '\(entry.key)'" + (near ?? advice))
        continue
      }
      let addition = YAMLNode(content: .mapping([entry]), place: node.place, path: "")
      nodes[home] = nodes[home].map { merged($0, addition, &problems) } ?? addition
    }
  }

  /// Both mappings as one.
  static func merged(_ a: YAMLNode, _ b: YAMLNode, _ problems: inout ProblemList) -> YAMLNode {
    if b.isAbsent { return a }
    if a.isAbsent { return b }
    guard case .mapping(var entries) = a.content, case .mapping(let more) = b.content else {
      problems.error("config.duplicate", at: b.place, "'\(b.path)' is said twice, first at \(a.place)")
      return a
    }
    for entry in more {
      guard let index = entries.firstIndex(where: { $0.key == entry.key }) else {
        entries.append(entry)
        continue
      }
      // Each file says for itself which version it is written for.
      if entry.value.path == "version" { continue }
      let old = entries[index]
      entries[index] = YAMLEntry(
        key: old.key, keyPlace: old.keyPlace, value: merged(old.value, entry.value, &problems))
    }
    return YAMLNode(content: .mapping(entries), place: a.place, path: a.path)
  }
}
