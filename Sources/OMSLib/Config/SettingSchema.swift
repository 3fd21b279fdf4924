/// The JSON Schema of one file, for editors: made from what its reader asks for.
package enum SettingSchema {
  /// `accounts` for accounts.yaml.
  package static let names = ConfigFile.names.map { String($0.dropLast(".yaml".count)) }

  package static func json(_ name: String) -> [UInt8] {
    let file = name + ".yaml"
    precondition(ConfigFile.names.contains(file), "'\(name)' is no configuration file")
    var root = Node()
    for setting in SettingLog.describing(file).settings {
      root.insert(setting, setting.path.split(separator: ".").map(String.init)[...])
    }
    var json = JSONWriter()
    json.beginObject()
    json.member("$schema", "https://json-schema.org/draft/2020-12/schema")
    json.member("title", file)
    root.writeMembers(&json)
    json.endObject()
    return json.bytes
  }

  private struct Node {
    var setting: SettingLog.Setting?
    var children: [(name: String, node: Node)] = []

    mutating func insert(_ setting: SettingLog.Setting, _ steps: ArraySlice<String>) {
      guard let first = steps.first else {
        self.setting = setting
        return
      }
      let index = children.firstIndex { $0.name == first } ?? children.count
      if index == children.count { children.append((first, Node())) }
      children[index].node.insert(setting, steps.dropFirst())
    }

    private func child(_ name: String) -> Node? { children.first { $0.name == name }?.node }

    func write(_ json: inout JSONWriter) {
      json.beginObject()
      writeMembers(&json)
      json.endObject()
    }

    func writeMembers(_ json: inout JSONWriter) {
      let items = child("[]")
      let properties = children.filter { $0.name != "*" && $0.name != "[]" }
      if let items {
        json.member("type", "array")
        json.name("items")
        items.write(&json)
      } else if setting?.shape == .mapping || !children.isEmpty {
        writeMapping(properties, &json)
      } else {
        Self.write(setting?.shape ?? .text, &json)
      }
      guard let initial = setting?.initial else { return }
      switch setting?.shape {
      case .flag, .integer: json.member("default", raw: initial.utf8)
      default: json.member("default", initial)
      }
    }

    private func writeMapping(_ properties: [(name: String, node: Node)], _ json: inout JSONWriter) {
      json.member("type", "object")
      if !properties.isEmpty {
        json.name("properties")
        json.beginObject()
        for property in properties {
          json.name(data: property.name)
          property.node.write(&json)
        }
        json.endObject()
      }
      if let any = child("*") {
        json.name("additionalProperties")
        any.write(&json)
      } else if setting?.isClosed == true {
        json.member("additionalProperties", false)
      }
    }

    private static let decimal = "[0-9]{1,18}(\\.[0-9]{1,18})?"
    private static let duration = "[0-9]+(ms|s|m|h|d)"

    private static func write(_ shape: SettingShape, _ json: inout JSONWriter) {
      switch shape {
      case .text: types(["string"], &json)
      case .flag: types(["boolean"], &json)
      case .word(let words):
        json.name("enum")
        json.beginArray()
        for word in words { json.string(word) }
        json.endArray()
      case .integer(let range):
        types(["integer"], &json)
        json.member("minimum", range.lowerBound)
        json.member("maximum", range.upperBound)
      case .decimal:
        types(["number", "string"], &json)
        json.member("pattern", "^\(decimal)$")
      case .amount: pattern("^\(decimal) [A-Z0-9]+$", &json)
      case .fraction: pattern("^\(decimal)(%|bps)$", &json)
      case .duration: pattern("^\(duration)$", &json)
      case .retention: pattern("^(forever|\(duration))$", &json)
      case .size: pattern("^[0-9]+(B|KiB|MiB|GiB)$", &json)
      case .timeOfDay: pattern("^[0-2][0-9]:[0-5][0-9] UTC$", &json)
      case .version: json.member("const", 1)
      case .position: types(["string", "number", "object"], &json)
      case .list: types(["array"], &json)
      case .mapping: types(["object"], &json)
      }
    }

    private static func types(_ names: [String], _ json: inout JSONWriter) {
      if names.count == 1 {
        json.member("type", names[0])
        return
      }
      json.name("type")
      json.beginArray()
      for name in names { json.string(name) }
      json.endArray()
    }

    private static func pattern(_ text: String, _ json: inout JSONWriter) {
      json.member("type", "string")
      json.member("pattern", text)
    }
  }
}
