/// What is wrong in a journal's files, all of it: for people, not for starting an engine.
package struct JournalVerification: Sendable {
  package enum Kind: String, Equatable, Sendable {
    /// Refused by recovery.
    case corrupt
    /// Cut by recovery: the batch of a power cut.
    case torn
    /// Worth knowing; harms nothing.
    case remark
  }

  package struct Finding: Equatable, Sendable {
    package var kind: Kind
    package var place: JournalPlace
    package var what: String
  }

  package struct Segment: Equatable, Sendable {
    package var file: String
    package var firstLsn: UInt64
    package var lastLsn: UInt64
    package var recordCount: UInt64
    package var epoch: UInt32
    package var coreVersion: UInt32
    package var isClosed: Bool
    package var isCompressed: Bool
    /// Valid records behind the first bad one: shown, never trusted.
    package var untrustedCount: UInt64
  }

  package var segments: [Segment] = []
  package var findings: [Finding] = []

  package var recordCount: UInt64 { segments.reduce(0) { $0 + $1.recordCount } }
  package var firstLsn: UInt64 { segments.first?.firstLsn ?? 0 }
  package var lastLsn: UInt64 { segments.map(\.lastLsn).max() ?? 0 }
  package var isSound: Bool { !findings.contains { $0.kind == .corrupt } }
}

/// Reads a journal as recovery does, but goes on behind whatever it finds.
package struct JournalVerify<FS: FileSystem> {
  private let fileSystem: FS
  private let options: JournalOptions
  private var result = JournalVerification()
  /// Where the segment before ended, `nil` when that is not known.
  private var end: JournalEnd?
  private var previousPath = ""
  private var previousDigest: SHA256Digest?
  private var blobs = BlobReader(keepingBytes: false)
  private let each: (JournalRecord) -> Void

  /// `each` is handed every record that is whole by itself, also those behind a bad place.
  package static func run(
    fileSystem: FS, options: JournalOptions, each: @escaping (JournalRecord) -> Void = { _ in }
  ) -> JournalVerification {
    var verify = Self(fileSystem: fileSystem, options: options, each: each)
    verify.runAll()
    return verify.result
  }

  private init(fileSystem: FS, options: JournalOptions, each: @escaping (JournalRecord) -> Void) {
    self.fileSystem = fileSystem
    self.options = options
    self.each = each
  }

  private mutating func runAll() {
    var entries: [SegmentEntry] = []
    for directory in [options.directory] + (options.fallback.map { [$0] } ?? []) {
      do throws(JournalError) {
        for name in try SegmentSet.names(fileSystem, in: directory) {
          if let entry = load(directory + "/" + name.file, name) { entries.append(entry) }
        }
      } catch {
        add(error, path: directory)
      }
    }
    entries.sort { ($0.header.ordinal, $0.path) < ($1.header.ordinal, $1.path) }
    for index in entries.indices {
      let following = index + 1 < entries.count ? entries[index + 1] : nil
      do throws(JournalError) { try read(entries[index], following) } catch { add(error, path: entries[index].path) }
    }
    if let blob = blobs.unfinished {
      add(.remark, JournalPlace(file: previousPath, offset: 0, lsn: blob.lsn), blob.description)
    }
  }

  private mutating func load(_ path: String, _ name: SegmentName) -> SegmentEntry? {
    do throws(JournalError) {
      let entry = try SegmentEntry.load(fileSystem, path: path, name: name)
      if entry.header.identity != options.identity {
        throw .otherInstance(file: path, found: entry.header.identity.name.description)
      }
      if entry.header.firstLsn != name.firstLsn || entry.header.ordinal != name.ordinal {
        throw .misplaced(file: path, why: "its header names it \(entry.header.name)")
      }
      return entry
    } catch {
      add(error, path: path)
      return nil
    }
  }

  private mutating func add(_ error: JournalError, path: String) {
    let place = if case .corrupt(let place, _) = error { place } else { JournalPlace(file: path, offset: 0, lsn: 0) }
    result.findings.append(.init(kind: .corrupt, place: place, what: error.description))
  }

  private mutating func add(_ kind: JournalVerification.Kind, _ place: JournalPlace, _ what: String) {
    result.findings.append(.init(kind: kind, place: place, what: what))
  }

  private mutating func checkLink(_ entry: SegmentEntry) {
    let place = JournalPlace(file: entry.path, offset: 0, lsn: entry.header.firstLsn)
    guard let end else { return }
    let previous = entry.header.previous
    if previous.lsn > end.lsn {
      add(.corrupt, place, "records \(end.nextLsn) to \(previous.lsn) before it are missing")
    } else if previous.lsn < end.lsn {
      add(.corrupt, place, "it holds records that \(previousPath) holds too")
    } else if previous.chain != end.chain {
      add(.corrupt, place, "it does not continue \(previousPath)")
    }
    let digest = entry.header.previousDigest
    guard previous.lsn == end.lsn else { return }
    if !entry.header.followsFailure, let previousDigest, digest != SHA256Digest(), digest != previousDigest {
      add(.corrupt, place, "SHA-256 of \(previousPath) is not the one recorded here")
    }
  }

  private mutating func read(_ entry: SegmentEntry, _ following: SegmentEntry?) throws(JournalError) {
    checkLink(entry)
    var segment = JournalVerification.Segment(
      file: entry.path, firstLsn: entry.header.firstLsn, lastLsn: entry.header.previous.lsn, recordCount: 0,
      epoch: entry.header.epoch, coreVersion: entry.header.coreVersion, isClosed: false,
      isCompressed: entry.name.isCompressed, untrustedCount: 0)
    let last = following?.header.followsFailure == true ? following?.header.previous.lsn ?? .max : .max
    let source = try SegmentSource.open(fileSystem, path: entry.path, name: entry.name)
    var scan = SegmentScan(source: source, header: entry.header, lastLsn: last)
    for slot in entry.badSlots {
      let place = JournalPlace(file: entry.path, offset: Int64(slot), lsn: 0)
      add(following == nil || last != .max ? .remark : .corrupt, place, "durable mark is torn or damaged")
    }
    var isTrusted = true
    var isReading = true
    while isReading {
      switch try scan.next() {
      case .record(let record):
        segment.lastLsn = record.lsn
        if case .dropped(let blob) = blobs.take(record) { add(.remark, scan.place, blob.description) }
        each(record)
        if isTrusted { segment.recordCount += 1 } else { segment.untrustedCount += 1 }
      case .stop(.superseded): isReading = false
      case .stop(.closed):
        segment.isClosed = true
        isReading = false
        let rest = try scan.scanRest()
        if Int64(rest.usedEnd) > scan.place.offset { add(.corrupt, scan.place, RecordFlaw.behindClose.words) }
      case .stop(.flaw(let flaw)):
        let found = try judge(flaw, scan: &scan, entry, following)
        isTrusted = false
        isReading = found
      }
    }
    end = isTrusted ? scan.end : nil
    previousPath = entry.path
    previousDigest =
      segment.isClosed
      ? try JournalRecovery.digest(fileSystem, entry, byteCount: Int(scan.place.offset)) : nil
    result.segments.append(segment)
  }

  /// Reports a bad place; moves the scan behind it, to the next record that is whole in itself, if there is one.
  private mutating func judge(
    _ flaw: RecordFlaw, scan: inout SegmentScan<FS>, _ entry: SegmentEntry, _ following: SegmentEntry?
  ) throws(JournalError) -> Bool {
    let rest = try scan.scanRest()
    let place = scan.place
    let covered = max(entry.coveredLsn, rest.coveredLsn, following?.header.previous.lsn ?? 0)
    if covered >= place.lsn || following != nil {
      add(.corrupt, place, flaw == .blank && covered < place.lsn ? RecordFlaw.unclosed.words : flaw.words)
    } else if Int64(rest.usedEnd) > place.offset {
      add(.torn, place, "\(flaw.words); \(Int64(rest.usedEnd) - place.offset) bytes are cut at the next start")
    }
    guard try scan.skipToWholeRecord(before: rest.usedEnd) else { return false }
    add(.remark, scan.place, "records go on here, behind a gap")
    return true
  }
}

extension SegmentScan {
  /// Moves on to the next place before `limit` where a record stands that is whole by itself, whatever its chain.
  mutating func skipToWholeRecord(before limit: Int) throws(JournalError) -> Bool {
    var at = offset + JournalFormat.step
    while at < limit {
      let view = try unsafe source.view(at: at, atLeast: JournalFormat.recordBytes)
      guard let base = view.baseAddress, view.count >= JournalFormat.headerBytes else { return false }
      if let before = unsafe check.before(base, available: view.count) {
        move(to: at, after: before)
        return true
      }
      at += JournalFormat.step
    }
    return false
  }
}
