internal import CCore

/// The JSONL log `events-YYYYMMDD.jsonl`: exactly the objects of the event stream, one a line, each once and in order.
///
/// A file of its own for each UTC day. A torn last line is cut at start; what follows it is written again from the
/// journal, since ``lastSeq`` says how far whole lines go.
///
/// Owner: the housekeeping thread.
package struct EventLog: ~Copyable {
  private let directory: String
  private var descriptor: Int32 = -1
  private var size: Int64 = 0
  private var day: Int64 = -1
  private var pending = ByteBuffer(capacity: 1 << 16)
  /// Of the last line that is in a file, or on its way there.
  package private(set) var lastSeq: UInt64 = 0
  package private(set) var failure: Int32 = 0
  private static let dayNanoseconds: Int64 = 86_400_000_000_000

  /// Looks at the newest file in `directory`, which exists, and repairs its end.
  package init(directory: String) {
    self.directory = directory
    repair()
  }

  deinit { if descriptor >= 0 { _ = cc_sys_close(descriptor) } }

  /// Adds one object. Nothing is written twice: a `seq` that is there already is left out.
  package mutating func add(_ object: [UInt8], seq: UInt64, utc: UTCTime) {
    guard seq > lastSeq else { return }
    let thisDay = utc.nanoseconds / Self.dayNanoseconds
    if thisDay != day {
      flush()
      open(day: thisDay)
    }
    pending.append(bytes: object)
    pending.append(0x0A)
    lastSeq = seq
    if pending.count >= 1 << 16 { flush() }
  }

  package mutating func flush() {
    guard !pending.isEmpty, descriptor >= 0 else { return }
    let written = unsafe pending.withBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = unsafe cc_sys_pwrite(
          descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done, size + Int64(done))
        if count <= 0 {
          failure = Int32(clamping: -count)
          break
        }
        done += Int(count)
      }
      return done
    }
    size += Int64(written)
    // What did not fit on the disk is in the journal; the next start writes it again.
    pending.removeAll()
  }

  private mutating func open(day: Int64) {
    if descriptor >= 0 { _ = cc_sys_close(descriptor) }
    self.day = day
    let path = "\(directory)/\(Self.name(day: day))"
    descriptor = unsafe cc_sys_open(path, UInt32(cc_open_read | cc_open_write | cc_open_create), 0o600)
    guard descriptor >= 0 else {
      failure = -descriptor
      return
    }
    var stat = cc_stat()
    size = unsafe cc_sys_stat_descriptor(descriptor, &stat) == 0 ? stat.size : 0
  }

  package static func name(day: Int64) -> String {
    let time = CivilTime(UTCTime(nanoseconds: day * dayNanoseconds))
    func padded(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "events-\(padded(time.year, 4))\(padded(time.month, 2))\(padded(time.day, 2)).jsonl"
  }

  /// Cuts the newest file behind its last whole line and reads that line's number.
  private mutating func repair() {
    let names = ((try? KernelFileSystem().list(directory)) ?? [])
      .filter { $0.hasPrefix("events-") && $0.hasSuffix(".jsonl") }
    for name in names.reversed() {
      let file = unsafe cc_sys_open("\(directory)/\(name)", UInt32(cc_open_read | cc_open_write), 0)
      guard file >= 0 else { continue }
      defer { _ = cc_sys_close(file) }
      if let seq = Self.repair(file) {
        lastSeq = seq
        return
      }
    }
  }

  /// `nil`: the file has no whole line.
  private static func repair(_ file: Int32) -> UInt64? {
    var stat = cc_stat()
    guard unsafe cc_sys_stat_descriptor(file, &stat) == 0, stat.size > 0 else { return nil }
    // A line is 4 KiB at most; the last whole one is within the last 64 KiB.
    let start = max(0, stat.size - (1 << 16))
    var bytes = [UInt8](repeating: 0, count: Int(stat.size - start))
    let got = unsafe bytes.withUnsafeMutableBytes { unsafe cc_sys_pread(file, $0.baseAddress, $0.count, start) }
    guard got == bytes.count else { return nil }
    guard let end = bytes.lastIndex(of: 0x0A) else {
      _ = cc_sys_truncate(file, 0)
      return nil
    }
    if end + 1 < bytes.count { _ = cc_sys_truncate(file, start + Int64(end) + 1) }
    let before = bytes[..<end].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return seq(Array(bytes[before..<end]))
  }

  /// The number in `"seq":N`, which stands behind type and version.
  package static func seq(_ line: [UInt8]) -> UInt64? {
    let key = Array(#""seq":"#.utf8)
    guard line.count > key.count else { return nil }
    for at in 0..<min(64, line.count - key.count) where line[at..<at + key.count].elementsEqual(key) {
      var value: UInt64 = 0
      for byte in line[(at + key.count)...] {
        guard byte >= 0x30, byte <= 0x39 else { break }
        value = value &* 10 &+ UInt64(byte - 0x30)
      }
      return value
    }
    return nil
  }
}
