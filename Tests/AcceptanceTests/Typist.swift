import CTerminal
import Foundation
import Testing

/// A person at a terminal: types, and reads what comes back. The program's standard descriptors are all the terminal.
final class Typist {
  private let terminal: Int32
  private let process: Int32
  /// All that was on the screen, control sequences and all.
  private(set) var transcript = ""
  /// What was read up to here is not looked at again.
  private var seen: String.Index
  private var hasEnded = false

  /// A line of bash in the directory of `shell`.
  init(
    _ shell: Shell, _ line: String, rows: UInt16 = 24, columns: UInt16 = 80, variables: [String: String] = [:]
  ) throws {
    var environment = shell.environment.merging(["TERM": "xterm", "LESS": ""]) { _, new in new }
    environment.merge(variables) { _, new in new }
    let words = Self.copied(["/bin/bash", "-c", line])
    let pairs = Self.copied(environment.map { "\($0.key)=\($0.value)" })
    defer { for string in words + pairs { free(string) } }
    var other: Int32 = -1
    let process = ct_start(words, pairs, shell.directory.path, rows, columns, &other)
    try #require(process > 0, "no pseudo-terminal: \(process)")
    (self.process, terminal) = (process, other)
    seen = transcript.startIndex
  }

  /// For C, ended by NULL.
  private static func copied(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
    strings.map { (string: String) -> UnsafeMutablePointer<CChar>? in strdup(string) } + [nil]
  }

  /// Waits until `text` is on the screen, behind what was looked for before.
  @discardableResult
  func reads(_ text: String, _ place: SourceLocation = #_sourceLocation) -> Typist {
    let end = Date(timeIntervalSinceNow: Shell.patience)
    while true {
      if let range = transcript[seen...].range(of: text) {
        seen = range.upperBound
        return self
      }
      guard !hasEnded, Date() < end else { break }
      take()
    }
    Issue.record("'\(text)' does not come: \(transcript)", sourceLocation: place)
    return self
  }

  @discardableResult
  func types(_ text: String) -> Typist {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { ct_write(terminal, $0.baseAddress, UInt64($0.count)) }
    return self
  }

  /// Reads to the end of the program.
  func status() -> Int32 {
    let end = Date(timeIntervalSinceNow: Shell.patience)
    while !hasEnded, Date() < end { take() }
    if !hasEnded {
      Issue.record("it does not end: \(transcript)")
      kill(process, SIGKILL)
    }
    return ct_end(terminal, process)
  }

  /// The lines of the screen, without what a terminal makes of them.
  var lines: [String] {
    transcript.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.replacingOccurrences(of: "\r", with: "") }.filter { !$0.isEmpty }
  }

  private func take() {
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let got = bytes.withUnsafeMutableBytes { ct_read(terminal, $0.baseAddress, UInt64($0.count), 100) }
    if got < 0 { hasEnded = true }
    guard got > 0 else { return }
    let place = transcript.distance(from: transcript.startIndex, to: seen)
    // "\r\n" is one character to Swift, and would not be found by halves.
    transcript += String(decoding: bytes[..<Int(got)], as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
    seen = transcript.index(transcript.startIndex, offsetBy: place)
  }
}
