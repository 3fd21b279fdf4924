/// The JSONL log `events-YYYYMMDD.jsonl`: exactly the objects of the event stream, one a line, each once and in order.
///
/// A file of its own for each UTC day. What cannot be written (a full disk) waits in memory and is tried again; whoever
/// adds must stop while it ``isFull``. A torn last line is cut at start; what follows it is written again from the
/// journal, since ``lastSeq`` says how far whole lines go. A file that was moved away is begun anew.
///
/// Owner: the housekeeping thread.
package struct EventLog<FS: FileSystem>: ~Copyable {
  /// Lines of one day that are in no file yet.
  private struct Batch {
    let day: Int64
    var bytes: [UInt8] = []
    var lastSeq: UInt64 = 0
  }

  private struct OpenFile {
    let file: FS.File
    let day: Int64
    let inode: UInt64
    /// Up to here there are whole lines.
    var size: Int64
  }

  private let fileSystem: FS
  private let directory: String
  private var current: OpenFile?
  private var waiting: [Batch] = []
  private var waitingBytes = 0
  /// Of the last line that is in a file, or on its way there.
  package private(set) var lastSeq: UInt64 = 0
  /// Of the last line that is in a file.
  package private(set) var writtenSeq: UInt64 = 0
  /// Why lines wait; `nil` while they are written.
  package private(set) var failure: SystemError?

  package static var stem: String { "events" }
  private static var flushBytes: Int { 1 << 16 }
  private static var waitingMax: Int { 1 << 22 }

  /// Looks at the newest file in `directory`, which exists, and repairs its end.
  package init(_ fileSystem: FS, directory: String) {
    self.fileSystem = fileSystem
    self.directory = directory
    lastSeq = Self.repair(fileSystem, directory)
    writtenSeq = lastSeq
  }

  deinit {
    guard let file = current?.file else { return }
    // A file that cannot be closed has its lines all the same.
    try? fileSystem.close(file)
  }

  /// No more lines should be added until some could be written.
  package var isFull: Bool { waitingBytes >= Self.waitingMax }

  /// Adds one object. Nothing is written twice: a `seq` that is there already is left out.
  package mutating func add(_ object: [UInt8], seq: UInt64, utc: UTCTime) {
    guard seq > lastSeq else { return }
    let day = LogFiles.day(utc)
    if waiting.last?.day != day { waiting.append(Batch(day: day)) }
    waiting[waiting.count - 1].bytes += object
    waiting[waiting.count - 1].bytes.append(0x0A)
    waiting[waiting.count - 1].lastSeq = seq
    waitingBytes += object.count + 1
    lastSeq = seq
    if waitingBytes >= Self.flushBytes, failure == nil { flush() }
  }

  /// Writes what waits, as far as the disk takes it.
  package mutating func flush() {
    do throws(SystemError) {
      while let batch = waiting.first {
        try write(batch)
        writtenSeq = batch.lastSeq
        waitingBytes -= batch.bytes.count
        waiting.removeFirst()
      }
      failure = nil
    } catch {
      failure = error
    }
  }

  /// Removes files of days that ended before `time`, never today's. Returns their names.
  package mutating func prune(before time: UTCTime) throws(SystemError) -> [String] {
    try LogFiles.prune(
      Self.stem, fileSystem, directory, before: time, except: current.map { LogFiles.name(Self.stem, day: $0.day) })
  }

  // MARK: Files

  /// A write that failed in the middle is repeated from where it began: at the same place, with the same bytes.
  private mutating func write(_ batch: Batch) throws(SystemError) {
    let file = try file(of: batch.day)
    try unsafe batch.bytes.withUnsafeBufferPointer { bytes throws(SystemError) in
      try unsafe fileSystem.write(file.file, UnsafeRawBufferPointer(bytes), at: file.size)
    }
    current = file
    current?.size += Int64(batch.bytes.count)
  }

  private mutating func file(of day: Int64) throws(SystemError) -> OpenFile {
    let path = path(LogFiles.name(Self.stem, day: day))
    if let current {
      let isThere = current.day == day && (try? fileSystem.identity(path: path).inode) == current.inode
      if isThere { return current }
      self.current = nil
      try fileSystem.close(current.file)
    }
    let file = try fileSystem.open(path, [.read, .write, .create])
    do throws(SystemError) {
      let inode = try fileSystem.identity(file).inode
      let opened = OpenFile(file: file, day: day, inode: inode, size: try fileSystem.size(file))
      current = opened
      return opened
    } catch {
      try? fileSystem.close(file)
      throw error
    }
  }

  private func path(_ name: String) -> String { directory + "/" + name }

  // MARK: Repair

  /// Cuts the newest file behind its last whole line and returns that line's number.
  private static func repair(_ fileSystem: FS, _ directory: String) -> UInt64 {
    for name in ((try? LogFiles.names(stem, fileSystem, directory)) ?? []).reversed() {
      guard let file = try? fileSystem.open(directory + "/" + name, [.read, .write]) else { continue }
      let found = try? repair(fileSystem, file)
      try? fileSystem.close(file)
      if let found { return found }
    }
    return 0
  }

  /// `nil`: the file has no whole line.
  private static func repair(_ fileSystem: FS, _ file: FS.File) throws(SystemError) -> UInt64? {
    let size = try fileSystem.size(file)
    guard size > 0 else { return nil }
    // A line is 4 KiB at most; the last whole one is within the last 64 KiB.
    let start = max(0, size - (1 << 16))
    var bytes = [UInt8](repeating: 0, count: Int(size - start))
    let got = try unsafe bytes.withUnsafeMutableBufferPointer { bytes throws(SystemError) in
      try unsafe fileSystem.read(file, into: UnsafeMutableRawBufferPointer(bytes), at: start)
    }
    guard got == bytes.count else { return nil }
    guard let end = bytes.lastIndex(of: 0x0A) else {
      try fileSystem.truncate(file, to: 0)
      return nil
    }
    if end + 1 < bytes.count { try fileSystem.truncate(file, to: start + Int64(end) + 1) }
    let before = bytes[..<end].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return EventLine.seq(Array(bytes[before..<end]))
  }
}

/// One line of the event log.
package enum EventLine {
  private static let key = Array(#""seq":"#.utf8)

  /// The number in `"seq":N`, which stands behind type and version.
  package static func seq(_ line: [UInt8]) -> UInt64? {
    unsafe line.withUnsafeBufferPointer { unsafe seq($0) }
  }

  package static func seq(_ line: UnsafeBufferPointer<UInt8>) -> UInt64? {
    guard line.count > key.count else { return nil }
    for at in 0..<min(64, line.count - key.count) where unsafe line[at] == key[0] && line[at + 1] == key[1] {
      guard unsafe line[at..<at + key.count].elementsEqual(key) else { continue }
      var value: UInt64 = 0
      var next = at + key.count
      while next < line.count, unsafe line[next].isDigit {
        value = unsafe value &* 10 &+ UInt64(line[next] - 0x30)
        next += 1
      }
      return value
    }
    return nil
  }

  /// What is nowhere any more.
  package static func gap(from first: UInt64, to last: UInt64, at time: UTCTime) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "gap")
    json.member("v", 1)
    json.member("ts", time)
    json.member("from_seq", first)
    json.member("to_seq", last)
    json.member("reason", "not kept any more: old logs go, and a restored journal begins behind what it replaces")
    json.endObject()
    return json.bytes
  }
}
