import OMSLib

/// The readers that meet bytes of others.
enum FuzzTarget: String, CaseIterable {
  case configuration
  case json
  case decimal
  case request

  func read(_ input: [UInt8]) {
    switch self {
    case .configuration: Self.readConfiguration(input)
    case .json: Self.readJSON(input)
    case .decimal: Self.readDecimal(input)
    case .request: _ = try? Request(line: input)
    }
  }

  /// The first byte chooses the file. No configuration without settings may be silent about why.
  private static func readConfiguration(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let name = ConfigFile.names[Int(first) % ConfigFile.names.count]
    let configuration = ConfigLoader.load([ConfigFile(name: name, path: name, bytes: Array(input.dropFirst()))])
    let hasErrors = configuration.problems.contains { $0.severity == .error }
    precondition((configuration.settings == nil) == hasErrors, "settings and errors, or neither")
    precondition(configuration.problems.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 }, "a problem nowhere")
  }

  private static func readJSON(_ input: [UInt8]) {
    _ = try? JSONReader.read(input)
  }

  /// What the shell's reader takes, the wire's takes too, with the same value, and printing gives it back.
  private static func readDecimal(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    let wire = Decimal(wire: text)
    guard let shell = try? Decimal(shell: text) else { return }
    precondition(wire == shell, "two readers, two values")
    precondition((try? Decimal(shell: shell.canonicalText)) == shell, "printed and read again is another value")
  }
}
