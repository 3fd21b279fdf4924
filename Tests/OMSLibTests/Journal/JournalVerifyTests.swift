import Testing

@testable import OMSLib

@Suite struct JournalVerifyTests {
  @Test func aSoundJournalHasNoFindings() throws {
    let kit = try JournalKit()
    kit.fill(600)
    let report = JournalVerify.run(fileSystem: kit.disk, options: kit.options)
    #expect(report.findings.isEmpty && report.isSound)
    #expect(report.recordCount == 600 && report.firstLsn == 1 && report.lastLsn == 600)
    #expect(report.segments.dropLast().allSatisfy { $0.isClosed })
  }

  @Test func goesOnBehindCorruptionWithoutTrustingIt() throws {
    let kit = try JournalKit(segmentBytes: 1 << 20)
    kit.fill(100)
    let path = try #require(try kit.segments().first)
    let bytes = try #require(kit.disk.contents(path))
    let records = JournalDamageTests.recordOffsets(bytes)
    let bad = try #require(records.first { $0.lsn == 40 && $0.type != 200 })
    kit.disk.flip(path, bit: (bad.offset + 70) * 8)
    let report = JournalVerify.run(fileSystem: kit.disk, options: kit.options)
    #expect(!report.isSound)
    let finding = try #require(report.findings.first { $0.kind == .corrupt })
    #expect(finding.place == JournalPlace(file: path, offset: Int64(bad.offset), lsn: 40))
    #expect(report.segments[0].recordCount == 39)
    #expect(report.segments[0].untrustedCount == 60)
    #expect(report.lastLsn == 100)
  }

  @Test func aTornTailIsNoCorruption() throws {
    let (disk, path, durableEnd, _) = try JournalDamageTests.halfDurable()
    disk.flip(path, bit: (durableEnd + 300) * 8)
    let report = JournalVerify.run(fileSystem: disk, options: JournalKit.options())
    #expect(report.isSound)
    #expect(report.findings.contains { $0.kind == .torn })
  }

  @Test func aMissingSegmentIsFoundAndForeignFilesAreNot() throws {
    let kit = try JournalKit()
    kit.fill(600)
    let segments = try kit.segments()
    try kit.disk.remove(segments[1])
    kit.disk.overwrite(JournalKit.directory + "/SEGMENT-garbage.oms", with: [1])
    let report = JournalVerify.run(fileSystem: kit.disk, options: kit.options)
    #expect(report.findings.count == 1)
    #expect(report.findings[0].what.contains("missing"))
  }

  @Test func aDumpHasOneObjectPerRecordWithAllFields() throws {
    let kit = try JournalKit()
    kit.fill(3)
    var json = JSONWriter()
    var dump = JournalDump()
    var recovery = try JournalRecovery(fileSystem: kit.disk, options: kit.options)
    while let record = try recovery.next() { dump.write(record, to: &json) }
    let lines = json.text.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix(#"{"type":"record","v":1,"ts":""#))
    #expect(lines[0].contains(#"Z","lsn":1,"record":"mark","number":23,"version":1,"length":"#))
    let hex = JournalKit.body(3).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    #expect(lines[2].contains(#""body":""# + hex))
  }
}
