/// How much a line of the diagnostic log matters.
package enum DiagnosticLevel: String, CaseIterable, Sendable {
  case info, warn, error

  /// Whether it is said where lines of `least` and above are wanted.
  package func reaches(_ least: DiagnosticLevel) -> Bool { rank >= least.rank }

  private var rank: Int {
    switch self {
    case .info: 0
    case .warn: 1
    case .error: 2
    }
  }
}

/// The part of the engine that says it.
package enum DiagnosticComponent: String, CaseIterable, Sendable {
  case engine, journal, events, ids, snapshot, exchange, config, limits, rings, gate, venue
}

package struct DiagnosticLine: Sendable {
  package let level: DiagnosticLevel
  package let component: DiagnosticComponent
  package let message: String
  package let process: Int32
  package let utc: UTCTime

  package init(
    level: DiagnosticLevel, component: DiagnosticComponent, message: String, process: Int32, utc: UTCTime
  ) {
    self.level = level
    self.component = component
    self.message = message
    self.process = process
    self.utc = utc
  }

  package var object: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "log")
    json.member("v", 1)
    json.member("ts", utc)
    json.member("level", level.rawValue)
    json.member("component", component.rawValue)
    json.member("message", message)
    json.member("pid", Int64(process))
    json.endObject()
    return json.bytes
  }
}

/// The JSONL log `engine-YYYYMMDD.jsonl`: what an engine has to say that is no event of trading. It is no record: lines
/// may be lost, and how many were is said.
///
/// A file of its own for each UTC day. What cannot be written (a full disk) waits in memory, as far as there is room.
///
/// Owner: whoever flushes, one at a time.
package struct DiagnosticLog<FS: FileSystem> {
  package static var stem: String { "engine" }

  private let fileSystem: FS
  private let directory: String
  private var waiting: [DiagnosticLine] = []
  private var lost = 0
  /// Why lines wait; `nil` while they are written.
  package private(set) var failure: SystemError?
  /// After a failure, when the disk is asked again.
  private var retryAt = UTCTime.zero

  private static var retryNanoseconds: Int64 { 1_000_000_000 }
  private static var waitingMax: Int { 1_000 }
  /// Of one day: what says the same again and again must not fill the disk.
  private static var dayBytesMax: Int64 { 64 << 20 }

  package init(_ fileSystem: FS, directory: String) {
    self.fileSystem = fileSystem
    self.directory = directory
  }

  package mutating func add(_ line: DiagnosticLine) {
    guard waiting.count < Self.waitingMax else { return lose(1) }
    waiting.append(line)
  }

  /// So many lines more are nowhere.
  package mutating func lose(_ count: Int) { lost += count }

  /// Writes what waits, as far as the disk takes it; one that took nothing is asked once a second, or when nobody will
  /// ask again.
  package mutating func flush(process: Int32, utc: UTCTime, isLast: Bool = false) {
    guard !waiting.isEmpty || lost > 0 else { return }
    // A clock that was put back holds nothing up.
    let isEarly = utc < retryAt && utc.nanoseconds >= retryAt.nanoseconds - Self.retryNanoseconds
    guard isLast || failure == nil || !isEarly else { return }
    do throws(SystemError) {
      while let first = waiting.first {
        let day = LogFiles.day(first.utc)
        let lines = waiting.prefix { LogFiles.day($0.utc) == day }
        try write(lines.map(\.object), day)
        waiting.removeFirst(lines.count)
      }
      if lost > 0 {
        let line = DiagnosticLine(
          level: .warn, component: .engine, message: "\(lost) lines of this log could not be kept", process: process,
          utc: utc)
        try write([line.object], LogFiles.day(utc))
        lost = 0
      }
      failure = nil
    } catch {
      failure = error
      retryAt = UTCTime(nanoseconds: utc.nanoseconds + Self.retryNanoseconds)
    }
  }

  /// Removes files of days that ended before `time`.
  package func prune(before time: UTCTime) throws(SystemError) -> [String] {
    try LogFiles.prune(Self.stem, fileSystem, directory, before: time, except: nil)
  }

  /// Opened each time: what little is said needs no open file, and one that was moved away is begun anew.
  private func write(_ objects: [[UInt8]], _ day: Int64) throws(SystemError) {
    let path = directory + "/" + LogFiles.name(Self.stem, day: day)
    let file = try fileSystem.open(path, [.read, .write, .create, .append])
    defer { try? fileSystem.close(file) }
    let size = try fileSystem.size(file)
    var bytes: [UInt8] = try isTorn(file, size) ? [0x0A] : []
    for object in objects {
      bytes += object
      bytes.append(0x0A)
    }
    guard size + Int64(bytes.count) <= Self.dayBytesMax else { return }
    do throws(SystemError) {
      try unsafe bytes.withUnsafeBufferPointer { bytes throws(SystemError) in
        try unsafe fileSystem.write(file, UnsafeRawBufferPointer(bytes), at: size)
      }
    } catch {
      // Whole lines only: they are written again.
      try? fileSystem.truncate(file, to: size)
      throw error
    }
  }

  /// Whether a writer died in the middle of its last line.
  private func isTorn(_ file: FS.File, _ size: Int64) throws(SystemError) -> Bool {
    guard size > 0 else { return false }
    var last: UInt8 = 0
    _ = try unsafe withUnsafeMutableBytes(of: &last) { bytes throws(SystemError) in
      try unsafe fileSystem.read(file, into: bytes, at: size - 1)
    }
    return last != 0x0A
  }
}
