/// Which lines of the event log are asked for, in the words that stand in them.
package struct EventFilter: Sendable {
  package var types: [String] = []
  package var id: String?
  package var kind: String?
  /// Events of this level or above; other objects have none.
  package var level: String?
  /// `nil`: all.
  package var accounts: [String]?
  package var symbol: String?
  package var strategy: String?
  package var venue: String?
  package var since: UTCTime?

  package init() {}

  private static let names = (
    type: MemberScan("type"), id: MemberScan("id"), kind: MemberScan("kind"), level: MemberScan("level"),
    account: MemberScan("account"), symbol: MemberScan("symbol"), strategy: MemberScan("strategy"),
    venue: MemberScan("venue"), ts: MemberScan("ts")
  )

  package func matches(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    if !types.isEmpty, !(unsafe isOne(of: types, "type", Self.names.type, line)) { return false }
    if let id, !(unsafe isOne(of: [id], "id", Self.names.id, line)) { return false }
    if let symbol, !(unsafe isOne(of: [symbol], "symbol", Self.names.symbol, line)) { return false }
    if let accounts, !(unsafe isOne(of: accounts, "account", Self.names.account, line)) { return false }
    if let venue, !(unsafe isOne(of: [venue], "venue", Self.names.venue, line)) { return false }
    if let strategy, !(unsafe isOne(of: [strategy], "strategy", Self.names.strategy, line)) { return false }
    // Times are all of one form: their order is that of their text.
    if let since, let text = unsafe Self.text("ts", Self.names.ts, line), text < since.rfc3339 { return false }
    if let kind {
      guard let text = unsafe Self.text("kind", Self.names.kind, line), AccountPattern(kind).matches(text) else {
        return false
      }
    }
    return level.map { unsafe reaches($0, line) } ?? true
  }

  private func reaches(_ wanted: String, _ line: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let least = NoticeLevel(word: wanted), let text = unsafe Self.text("level", Self.names.level, line) else {
      return true
    }
    return (NoticeLevel(word: text)?.rawValue ?? .max) >= least.rawValue
  }

  private func isOne(
    of words: [String], _ name: String, _ scan: MemberScan, _ line: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    switch unsafe scan.find(in: line) {
    case .absent, .null: return false
    case .value(let range):
      let cell = unsafe UnsafeBufferPointer(rebasing: line[range])
      return words.contains { unsafe cell.elementsEqual($0.utf8) }
    case .unclear: return unsafe Self.read(name, line).map { words.contains($0) } ?? false
    }
  }

  private static func text(_ name: String, _ scan: MemberScan, _ line: UnsafeBufferPointer<UInt8>) -> String? {
    switch unsafe scan.find(in: line) {
    case .absent, .null: nil
    case .value(let range): unsafe String(decoding: UnsafeBufferPointer(rebasing: line[range]), as: UTF8.self)
    case .unclear: unsafe read(name, line)
    }
  }

  private static func read(_ name: String, _ line: UnsafeBufferPointer<UInt8>) -> String? {
    (try? JSONReader.read(unsafe Array(line)))?.root[name]?.string
  }
}

/// The files of an event log, the oldest first.
package struct EventFiles {
  private let paths: [String]

  /// Files of days that ended before `since` have nothing that is asked for.
  package init(directory: String, since: UTCTime?) {
    let names = try? LogFiles.names(
      EventLog<KernelFileSystem>.stem, KernelFileSystem(), directory, since: since)
    paths = (names ?? []).map { directory + "/" + $0 }
  }

  /// Calls `body` with every whole line and its number, until it says `false`.
  package func read<E: Error>(_ body: (UnsafeBufferPointer<UInt8>, UInt64) throws(E) -> Bool) throws(E) {
    for path in paths {
      let goesOn = try unsafe LineReader.read(path) { line throws(E) in
        guard let seq = unsafe EventLine.seq(line) else { return true }
        return try unsafe body(line, seq)
      }
      guard goesOn else { return }
    }
  }
}
