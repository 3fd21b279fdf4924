import OMSLib

/// Any damage to a journal's files: recovery answers with the longest prefix that is whole, or refuses; it never traps
/// and never delivers a record that was not written. The first byte picks what is fed, the rest are edits or raw bytes.
enum JournalTarget {
  static func read(_ input: [UInt8]) {
    guard let kind = input.first else { return }
    let rest = Array(input.dropFirst())
    switch kind % 5 {
    case 0: fuzzEdits(rest)
    case 1: fuzzRawSegment(rest)
    case 2: fuzzSnapshot(rest)
    case 4: fuzzBlobs(rest)
    default: fuzzCompressed(rest)
    }
  }

  private static let identity = JournalIdentity(
    id: (1, 2), name: Text64("fuzz") ?? Text64(), tag: Text32("fuzz0") ?? Text32())
  private static let directory = "/journal"
  private static let recordCount: UInt64 = 60

  private static func options() -> JournalOptions {
    var options = JournalOptions(directory: directory, identity: identity)
    options.segmentBytes = JournalOptions.segmentBytesMin
    return options
  }

  /// What record `lsn` holds.
  private static func content(_ lsn: UInt64) -> (UInt64, UInt64, UInt64) { (lsn, lsn &* 0x9E37_79B9_7F4A_7C15, ~lsn) }

  /// A sound journal of several segments, and the paths of its files.
  private static let sound: (disk: MemoryFileSystem, paths: [String]) = {
    let disk = MemoryFileSystem()
    do {
      try disk.makeDirectory(directory)
      let memory = JournalRingMemory(capacity: 1 << 16)
      let ring = memory.makeRing(identity: identity, epoch: 1)
      var appender = JournalAppender(ring: ring, end: JournalEnd())
      var writer = try JournalWriter(
        fileSystem: disk, options: options(), ring: ring, start: JournalStart(), utc: .zero)
      for lsn in 1...recordCount {
        let time = EngineTime(nanoseconds: Int64(lsn))
        var wide = (content(lsn), content(lsn), content(lsn), content(lsn), content(lsn), content(lsn))
        wide.0 = content(lsn)
        _ =
          lsn % 3 == 0
          ? appender.append(.fill, time: time, utc: .zero, wide)
          : appender.append(.mark, time: time, utc: .zero, content(lsn))
        appender.publish()
        if lsn % 4 == 0 { _ = writer.poll(now: time, utc: .zero) }
      }
      _ = writer.poll(now: EngineTime(nanoseconds: 1_000), utc: .zero)
      let names = try disk.list(directory).filter { $0.hasPrefix(SegmentName.prefix) }
      return (disk.copy(), names.map { directory + "/" + $0 })
    } catch {
      fatalError("the sound journal could not be made: \(error)")
    }
  }()

  /// Reads a journal in every way there is.
  private static func read(_ disk: MemoryFileSystem) {
    var delivered: UInt64 = 0
    do throws(JournalError) {
      var recovery = try JournalRecovery(fileSystem: disk, options: options())
      while let record = try recovery.next() {
        delivered += 1
        precondition(record.lsn == delivered, "records come in order, from the first")
        precondition(record.lsn <= recordCount, "no record was made up")
        guard let found = record.load(as: (UInt64, UInt64, UInt64).self) else { fatalError("a body was cut") }
        precondition(found == content(record.lsn), "a record is what was written")
      }
      let (start, _) = try recovery.finish(utc: .zero)
      precondition(start.end.lsn == delivered, "the end is behind the last record")
    } catch {
      precondition(!error.description.isEmpty, "a refusal says what is wrong")
    }
    let report = JournalVerify.run(fileSystem: disk, options: options())
    precondition(report.recordCount <= recordCount * 2, "what is counted was written")
    var tailer = JournalTailer(fileSystem: disk, options: options())
    do throws(JournalError) {
      while let record = try tailer.next() { precondition(record.lsn <= recordCount, "no record was made up") }
    } catch {}
  }

  /// Edits of eight bytes each: what, which file, where, with what.
  private static func fuzzEdits(_ edits: [UInt8]) {
    let disk = sound.disk.copy()
    var at = 0
    while at + 8 <= edits.count, at < 8 * 16 {
      let path = sound.paths[Int(edits[at + 1]) % sound.paths.count]
      let other = sound.paths[Int(edits[at + 6]) % sound.paths.count]
      let place = Int(edits[at + 2]) | Int(edits[at + 3]) << 8
      if var bytes = disk.contents(path) {
        let offset = place % max(1, bytes.count)
        switch edits[at] % 7 {
        case 0: if !bytes.isEmpty { bytes[offset] ^= edits[at + 4] }
        case 1: bytes = Array(bytes[..<offset])
        case 2: for index in offset..<min(bytes.count, offset + Int(edits[at + 4]) * 64) { bytes[index] = 0 }
        case 3:
          let source = disk.contents(other) ?? []
          let from = (Int(edits[at + 4]) | Int(edits[at + 5]) << 8) & ~63
          for index in 0..<256 where (offset & ~63) + index < bytes.count && from + index < source.count {
            bytes[(offset & ~63) + index] = source[from + index]
          }
        case 4: bytes = disk.contents(other) ?? bytes
        case 5: bytes += [UInt8](repeating: edits[at + 4], count: Int(edits[at + 5]) * 16)
        default:
          do throws(SystemError) { try disk.remove(path) } catch {}
          at += 8
          continue
        }
        disk.overwrite(path, with: bytes)
      }
      at += 8
    }
    read(disk)
  }

  /// Raw bytes behind a sound header: lengths, types and checksums of the fuzzer's choice.
  private static func fuzzRawSegment(_ bytes: [UInt8]) {
    let disk = sound.disk.copy()
    let path = sound.paths[0]
    let header = (disk.contents(path) ?? []).prefix(SegmentHeader.bytes)
    for other in sound.paths.dropFirst() { do throws(SystemError) { try disk.remove(other) } catch {} }
    disk.overwrite(path, with: Array(header) + bytes)
    read(disk)
  }

  private static func fuzzSnapshot(_ bytes: [UInt8]) {
    let disk = MemoryFileSystem()
    do throws(SystemError) { try disk.makeDirectory("/snapshots") } catch {}
    let store = SnapshotStore(fileSystem: disk, directory: "/snapshots", identity: identity)
    let name = SnapshotStore<MemoryFileSystem>.name(lsn: 1)
    disk.overwrite(store.path(name), with: bytes)
    if let error = store.verify(name) { precondition(!error.description.isEmpty, "a refusal says what is wrong") }
  }

  private static func fuzzCompressed(_ bytes: [UInt8]) {
    let disk = sound.disk.copy()
    let path = sound.paths[0] + ".zst"
    do throws(SystemError) { try disk.remove(sound.paths[0]) } catch {}
    disk.overwrite(path, with: bytes)
    read(disk)
  }

  // MARK: Blobs

  private static let values = [[UInt8](repeating: 0x61, count: 1_000), Array("short".utf8)]

  /// The records of two values, one after the other.
  private static let blobRecords: [(header: RecordHeader, body: [UInt8])] = {
    var records: [(header: RecordHeader, body: [UInt8])] = []
    func add<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body) {
      var header = RecordHeader()
      header.typeRaw = type.rawValue
      header.lsn = UInt64(records.count + 1)
      records.append((header, unsafe withUnsafeBytes(of: body) { unsafe Array($0) }))
    }
    for (index, value) in values.enumerated() {
      let blob = Blob(number: UInt64(index + 1), kind: .configuration, value)
      for part in blob.parts { add(.blob, part) }
      add(.commit, blob.commit)
    }
    return records
  }()

  /// Records of blobs in any order, cut and changed as three bytes each say: which, what, where. Whatever takes effect is
  /// one of the values, whole.
  private static func fuzzBlobs(_ edits: [UInt8]) {
    var reader = BlobReader(keepingBytes: true)
    var at = 0
    while at + 3 <= edits.count {
      var (header, body) = blobRecords[Int(edits[at]) % blobRecords.count]
      let place = Int(edits[at + 2]) * 2 % body.count
      switch edits[at + 1] % 8 {
      case 0: body[place] ^= 1 << (edits[at + 2] % 8)
      case 1: body = Array(body[..<place])
      case 2: header.typeRaw = RecordType.start.rawValue
      case 3: body[place] = edits[at + 1]
      default: break
      }
      unsafe body.withUnsafeBytes { body in
        if case .committed(let commit, let bytes) = reader.take(unsafe JournalRecord(header: header, body: body)) {
          precondition(values.contains(bytes), "a value takes effect as it was written")
          precondition(commit.totalBytes == UInt64(bytes.count), "a Commit record knows its value")
        }
      }
      at += 3
    }
  }
}
