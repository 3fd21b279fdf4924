import Foundation

/// The files of the repository, as the tidy tests read them.
enum SourceTree {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// The Swift files below Sources, sorted by path. Read once: every test of this target goes through all of them.
  static let sources: [SwiftFile] = {
    let found = (try? paths("Sources")) ?? []
    return found.filter { $0.hasSuffix(".swift") }.compactMap { path in
      (try? Data(contentsOf: root.appending(path: path))).map { SwiftFile(path: path, bytes: Array($0)) }
    }
  }()

  /// Text files below `directory`, or the one file it names.
  static func texts(_ directory: String) throws -> [(path: String, lines: [Substring])] {
    try paths(directory).compactMap { path in
      guard let text = String(bytes: try Data(contentsOf: root.appending(path: path)), encoding: .utf8) else {
        return nil
      }
      return (path, text.split(separator: "\n", omittingEmptySubsequences: false))
    }
  }

  private static func paths(_ directory: String) throws -> [String] {
    var isDirectory: ObjCBool = false
    let path = root.appending(path: directory).path
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return [] }
    guard isDirectory.boolValue else { return [directory] }
    return try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
      .map { "\(directory)/\($0)" }
      .filter {
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: root.appending(path: $0).path, isDirectory: &isDirectory)
        return !isDirectory.boolValue
      }
  }
}

/// One Swift file: its lines as written, and as code with the insides of comments and strings blanked.
struct SwiftFile {
  let path: String
  let lines: [Substring]
  /// Same line numbers as `lines`.
  let code: [[Token]]

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    self.code = Tokens.lines(of: bytes)
  }

  /// `Core` of `Sources/OMSLib/Core/Step.swift`; empty outside OMSLib.
  var folder: String {
    let parts = path.split(separator: "/")
    return parts.count > 3 && parts[1] == "OMSLib" ? String(parts[2]) : ""
  }

  /// Types other files can see, declared at the left margin.
  var topLevelTypes: [String] { declaredTypes { $0.isAtMargin && !$0.isPrivate } }

  /// All types declared here, nested ones too.
  var ownTypes: [String] { declaredTypes { _ in true } }

  /// Capitalised words that are not members of something (`.Kind`), with their line numbers.
  var typeNamesUsed: [(name: String, line: Int)] {
    var found: [(String, Int)] = []
    for (index, tokens) in code.enumerated() {
      for (position, token) in tokens.enumerated() {
        guard let first = token.text.utf8.first, first >= 0x41, first <= 0x5A else { continue }
        if position > 0, tokens[position - 1].text == "." { continue }
        found.append((token.text, index + 1))
      }
    }
    return found
  }

  /// Names that generic declarations of this file give their parameters.
  var genericParameters: Set<String> {
    var names: Set<String> = []
    for tokens in code {
      for position in tokens.indices where tokens[position].text == "<" && position > 0 {
        let isDeclared =
          tokens[position - 1].text == "init"
          || position > 1 && ["func", "struct", "enum", "class", "protocol"].contains(tokens[position - 2].text)
        guard isDeclared else { continue }
        for inner in (position + 1)..<tokens.count {
          if tokens[inner].text == "(" || tokens[inner].text == "{" { break }
          // What stands behind a colon is a constraint, and somebody's type.
          if tokens[inner - 1].text == "<" || tokens[inner - 1].text == "," { names.insert(tokens[inner].text) }
        }
      }
    }
    return names
  }

  private struct Declaration {
    let isAtMargin: Bool
    let isPrivate: Bool
  }

  private func declaredTypes(_ isWanted: (Declaration) -> Bool) -> [String] {
    let kinds: Set<String> = ["struct", "enum", "class", "actor", "protocol", "typealias"]
    var names: [String] = []
    for (index, tokens) in code.enumerated() {
      guard let position = tokens.firstIndex(where: { kinds.contains($0.text) }), position + 1 < tokens.count else {
        continue
      }
      let before = tokens[..<position].map(\.text)
      // `static func`, `case`, a parameter named `class`: only modifiers and attributes may stand in front.
      guard before.allSatisfy({ Self.modifiers.contains($0) }) else { continue }
      let declaration = Declaration(
        isAtMargin: lines[index].first != " ",
        isPrivate: before.contains("private") || before.contains("fileprivate"))
      if isWanted(declaration) { names.append(tokens[position + 1].text) }
    }
    return names
  }

  private static let modifiers: Set<String> = [
    "package", "public", "internal", "private", "fileprivate", "final", "indirect", "@", "safe", "unsafe", "frozen",
    "unchecked", "main",
  ]
}

/// A word, a number or one mark of punctuation.
struct Token {
  let text: String
}

enum Tokens {
  /// The tokens of each line, without comments and without what stands between quotes.
  static func lines(of bytes: [UInt8]) -> [[Token]] {
    bytes.withUnsafeBufferPointer { buffer in
      var scanner = Scanner(bytes: buffer)
      scanner.run()
      return scanner.lines
    }
  }

  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var lines: [[Token]] = []
    private var line: [Token] = []
    private var index = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func run() {
      while index < bytes.count {
        let byte = bytes[index]
        if isWord(byte) {
          let start = index
          while index < bytes.count, isWord(bytes[index]) { index += 1 }
          add(start..<index)
        } else if byte == 0x20 {
          index += 1
        } else if byte == 0x0A {
          endLine()
          index += 1
        } else if byte == 0x2F, next(1) == 0x2F {
          while index < bytes.count, bytes[index] != 0x0A { index += 1 }
        } else if byte == 0x2F, next(1) == 0x2A {
          index += 2
          while index < bytes.count, !(bytes[index] == 0x2A && next(1) == 0x2F) { stepInside(escapes: false) }
          index += 2
        } else if byte == 0x22 {
          skipString()
        } else {
          add(index..<(index + 1))
          index += 1
        }
      }
      endLine()
    }

    private mutating func skipString() {
      let isLong = next(1) == 0x22 && next(2) == 0x22
      index += isLong ? 3 : 1
      while index < bytes.count, !(bytes[index] == 0x22 && (!isLong || (next(1) == 0x22 && next(2) == 0x22))) {
        stepInside(escapes: true)
      }
      index += isLong ? 3 : 1
    }

    private mutating func stepInside(escapes: Bool) {
      if bytes[index] == 0x0A { endLine() }
      index += escapes && bytes[index] == 0x5C ? 2 : 1
    }

    private func next(_ distance: Int) -> UInt8 { index + distance < bytes.count ? bytes[index + distance] : 0 }

    private mutating func endLine() {
      lines.append(line)
      line = []
    }

    private mutating func add(_ range: Range<Int>) {
      line.append(Token(text: String(decoding: bytes[range], as: UTF8.self)))
    }

    private func isWord(_ byte: UInt8) -> Bool {
      (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39) || byte == 0x5F || byte > 0x7F
    }
  }
}
