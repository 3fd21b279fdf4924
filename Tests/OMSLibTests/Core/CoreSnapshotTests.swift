import Testing

@testable import OMSLib

@Suite struct CoreSnapshotTests {
  /// A core loaded from another's rows goes on exactly as that one does.
  @Test func aLoadedCoreGoesOnAsTheFirstOne() {
    let first = CoreFixture(features: [.postOnly])
    for i in 0..<40 {
      first.order("s\(i)", i % 2 == 0 ? .buy : .sell, quantity: 100, price: i % 2 == 0 ? 5_900_000 : 6_100_000)
      first.venue(.accepted, "s\(i)")
      if i % 3 == 0 { first.fill("s\(i)", 60, price: 6_000_000) }
    }
    first.amend("s2", price: 5_910_000, mayReplace: true)
    first.venue(.cancelled, "s2")
    first.venue(.outcomeUnknown, "s4")
    let second = CoreFixture(copyOf: first)
    for fixture in [first, second] {
      fixture.venue(.accepted, "s2", replacement: 1)
      fixture.cancel("s6")
      fixture.wait(300_000_000)
      fixture.fill("s0", 40, price: 6_000_000, trade: 9_999)
      fixture.order("s1", .sell, quantity: 100, price: 6_100_000)
    }
    #expect(first.core.state.digest == second.core.state.digest)
    #expect(first.core.state.global.nextSeq == second.core.state.global.nextSeq)
    #expect(second.status("s2") == .open)
    let a = first.core.state.sections
    let b = second.core.state.sections
    for (mine, theirs) in zip(a, b) {
      let isEqual = mine.bytes.elementsEqual(theirs.bytes)
      #expect(isEqual, "table \(mine.id)")
    }
  }

  @Test func rowsThatAreTooLongAreRefused() {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: 2 * MemoryLayout<VenueRow>.stride, alignment: 16)
    defer { bytes.deallocate() }
    var core = Core(capacity: .small)
    let tooLong = core.load(
      SnapshotSection(
        id: UInt32(TableID.venue.rawValue), rowBytes: bytes.count, unsafeBytes: UnsafeRawBufferPointer(bytes)))
    #expect(!tooLong)
    let unknown = core.load(SnapshotSection(id: 99, rowBytes: 8, unsafeBytes: UnsafeRawBufferPointer(bytes)))
    #expect(!unknown)
  }

  /// Cores 6 and 7 did not know when the last order of a venue ended: their rows are two words shorter.
  @Test func rowsOfACoreBeforeGrowAtTheirEnd() {
    let before = CoreFixture()
    let count = Int(before.core.state.global.venueCount) + 1
    let size = MemoryLayout<VenueRow>.stride - 16
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size * count, alignment: 16)
    defer { bytes.deallocate() }
    for row in 0..<count {
      UnsafeMutableRawBufferPointer(rebasing: bytes[row * size..<(row + 1) * size])
        .copyMemory(from: before.core.state.venues.bytes(of: row, size))
    }
    var core = Core(capacity: .small)
    let fits = core.load(
      SnapshotSection(
        id: UInt32(TableID.venue.rawValue), rowBytes: size, unsafeBytes: UnsafeRawBufferPointer(bytes)))
    #expect(fits && Core.loadableVersions == [6, 7, 8, 9, 10, 11])
    #expect(core.state.venues[1].id == CoreFixture.venue && core.state.venues[1].fence == CoreFixture.fence)
    #expect(core.state.venues[1].historyFrom == .zero)
  }
}
