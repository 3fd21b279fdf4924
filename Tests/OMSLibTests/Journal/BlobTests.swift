import Testing

@testable import OMSLib

/// Values that do not fit into a record: parts, and a Commit record at which they count.
@Suite struct BlobTests {
  private static let long = (0..<9_000).map { UInt8(truncatingIfNeeded: $0 % 251) }

  private static func append<Body: BitwiseCopyable>(_ kit: JournalKit, _ type: RecordType, _ body: Body) {
    kit.now += 10
    _ = kit.appender.append(type, time: EngineTime(nanoseconds: kit.now), utc: .zero, body)
    kit.appender.publish()
    kit.poll()
  }

  private static func append(_ kit: JournalKit, _ blob: Blob, parts: Range<Int>? = nil, commits: Bool = true) {
    for part in blob.parts[parts ?? blob.parts.indices] { append(kit, .blob, part) }
    if commits { append(kit, .commit, blob.commit) }
  }

  /// All values that take effect, and what is said of those that do not.
  private static func read(_ kit: JournalKit) throws -> (values: [[UInt8]], dropped: [String]) {
    var reader = BlobReader(keepingBytes: true)
    var values: [[UInt8]] = []
    var dropped: [String] = []
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options)
    while let record = try tailer.next() {
      switch reader.take(record) {
      case .committed(_, let bytes): values.append(bytes)
      case .dropped(let blob): dropped.append(blob.why)
      case .nothing: break
      }
    }
    return (values, dropped)
  }

  @Test func aValueOfAnySizeComesOutWholeAtItsCommit() throws {
    let kit = try JournalKit(segmentBytes: 1 << 17)
    let values: [[UInt8]] = [[], [7], Array(Self.long[..<448]), Array(Self.long[..<449]), Self.long]
    for (index, value) in values.enumerated() {
      Self.append(kit, Blob(number: UInt64(index + 1), kind: .configuration, value))
      kit.append(3)
    }
    let found = try Self.read(kit)
    #expect(found.values == values)
    #expect(found.dropped.isEmpty)
    #expect(Recovered(kit.disk, finishes: false).report.droppedBlobs.isEmpty)
  }

  @Test func otherRecordsMayStandBetweenItsParts() throws {
    let kit = try JournalKit(segmentBytes: 1 << 17)
    let blob = Blob(number: 1, kind: .configuration, Self.long)
    for part in blob.parts {
      Self.append(kit, .blob, part)
      kit.append(2)
    }
    Self.append(kit, .commit, blob.commit)
    #expect(try Self.read(kit).values == [Self.long])
  }

  @Test func whatABlobBeginsWithinIsDropped() throws {
    let kit = try JournalKit(segmentBytes: 1 << 17)
    let first = Blob(number: 1, kind: .configuration, Self.long)
    Self.append(kit, first, parts: 0..<5, commits: false)
    Self.append(kit, Blob(number: 2, kind: .configuration, [1, 2, 3]))
    Self.append(kit, first, parts: 5..<first.parts.count)
    let found = try Self.read(kit)
    #expect(found.values == [[1, 2, 3]])
    #expect(found.dropped == ["blob 2 begins within it"])
    let dropped = Recovered(kit.disk, finishes: false).report.droppedBlobs
    #expect(dropped == [DroppedBlob(blob: 1, totalBytes: 9_000, lsn: 1, why: "blob 2 begins within it")])
  }

  @Test func aMissingPartOrAnotherCommitKeepsItFromCounting() throws {
    let kit = try JournalKit(segmentBytes: 1 << 17)
    let (first, second) = (Blob(number: 1, kind: .configuration, Self.long), Blob(number: 2, kind: .configuration, [9]))
    Self.append(kit, first, parts: 0..<3, commits: false)
    Self.append(kit, first, parts: 4..<first.parts.count)
    Self.append(kit, first, commits: false)
    Self.append(kit, .commit, second.commit)
    var forged = first.commit
    forged.digest.words.0 ^= 1
    Self.append(kit, first, commits: false)
    Self.append(kit, .commit, forged)
    let found = try Self.read(kit)
    #expect(found.values.isEmpty)
    #expect(found.dropped.count == 3)
    #expect(found.dropped[0].hasSuffix("is not its next part"))
    #expect(found.dropped[1].hasSuffix("is not its own"))
    #expect(found.dropped[2] == "its SHA-256 is not that of its bytes")
  }

  /// The last run's are told of by recovery, older ones by verify, which shows all.
  @Test func aTornValueIsReportedOnceAndHarmsNothing() throws {
    let kit = try JournalKit(segmentBytes: 1 << 17)
    let blob = Blob(number: 1, kind: .configuration, Self.long)
    Self.append(kit, blob, parts: 0..<5, commits: false)
    let torn = Recovered(kit.disk, finishes: false)
    #expect(torn.error == nil)
    #expect(torn.report.droppedBlobs.map(\.why) == ["no Commit record follows"])
    Self.append(kit, .start, StartInput())
    #expect(Recovered(kit.disk, finishes: false).report.droppedBlobs.isEmpty)
    let verified = JournalVerify.run(fileSystem: kit.disk, options: kit.options)
    #expect(verified.isSound)
    #expect(
      verified.findings.map(\.what).contains { $0.hasPrefix("blob 1 of 9000 bytes") && $0.hasSuffix("its run ended") })
  }

  @Test func aDumpShowsTheValueAtItsCommit() throws {
    let kit = try JournalKit(segmentBytes: 1 << 17)
    let blob = Blob(number: 5, kind: .configuration, Array("mode: paper\n".utf8))
    Self.append(kit, blob)
    var input = ConfigurationInput()
    input.digest = blob.commit.digest
    input.blob = 5
    input.byteCount = 12
    input.isReload = 1
    Self.append(kit, .configuration, input)
    var json = JSONWriter()
    var dump = JournalDump()
    var tailer = JournalTailer(fileSystem: kit.disk, options: kit.options)
    while let record = try tailer.next() { dump.write(record, to: &json) }
    let lines = json.text.split(separator: "\n")
    let digest = SHA256.of(Array("mode: paper\n".utf8)).hex
    #expect(lines[0].hasSuffix(#""blob":5,"part":0,"offset":0,"bytes":12,"of":12,"sha256":"\#(digest)"}"#))
    #expect(
      lines[1].hasSuffix(#""kind":"configuration","bytes":12,"sha256":"\#(digest)","text":"mode: paper\n"}"#),
      "\(lines[1])")
    #expect(lines[2].hasSuffix(#""reload":true,"blob":5,"bytes":12,"sha256":"\#(digest)"}"#))
  }
}
