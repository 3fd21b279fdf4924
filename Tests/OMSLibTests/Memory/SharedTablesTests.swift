import CCore
import Glibc
import Testing

@testable import OMSLib

@Suite struct SharedTablesTests {
  @Test func readersSeeTheRowAsItWasPublished() throws {
    let tables = try makeTables()
    var row = cc_position_row()
    row.account = 3
    row.account_name = cc_text32(try #require(Text32("binance-main")))
    row.quantity = cc_amount(-1_500_000_000_000_000_000)
    row.mark_price = 6_000_012
    row.price_scale = 2
    row.lsn = 77
    let published = tables.publish(row, at: 2)
    #expect(published)
    let reader = try AttachedTables(takingDescriptor: dup(tables.clientDescriptor))
    guard case .row(let seen) = reader.position(at: 2) else {
      Issue.record("no row")
      return
    }
    #expect(seen.account == 3 && seen.lsn == 77 && seen.mark_price == 6_000_012)
    #expect(seen.account_name.text.description == "binance-main")
    #expect(seen.quantity.units == -1_500_000_000_000_000_000)
    let count = reader.positionCount
    #expect(count == 3)
    guard case .empty = reader.position(at: 1), case .empty = reader.position(at: 1 << 20) else {
      Issue.record("rows that were never written are empty")
      return
    }
  }

  @Test func refusesRowsBeyondTheCapacity() throws {
    let tables = try makeTables()
    let inside = tables.publish(cc_order_row(), at: 3)
    let outside = tables.publish(cc_order_row(), at: 4)
    let before = tables.publish(cc_order_row(), at: -1)
    #expect(inside && !outside && !before)
    let histogram = tables.histogram(at: 9, name: "beyond")
    #expect(histogram == nil)
  }

  /// SHM-02, and the answer a person can act on.
  @Test func anotherLayoutIsRefusedWithBothVersions() throws {
    try withPokedTables { header in
      header.pointee.layout_version = 9
    } check: { status, message in
      #expect(status == -EPROTO)
      #expect(message.contains("layout 9") && message.contains("layout 1"))
    }
    try withPokedTables { header in
      header.pointee.layout_hash ^= 1
    } check: { status, _ in
      #expect(status == -EPROTO)
    }
  }

  /// SHM-04.
  @Test func damagedHeadersAreRefused() throws {
    try withPokedTables { header in
      header.pointee.magic ^= 1
    } check: { status, _ in
      #expect(status == -EBADMSG)
    }
    try withPokedTables { header in
      header.pointee.sections.1.offset = 1 << 40
    } check: { status, _ in
      #expect(status == -EBADMSG)
    }
    try withPokedTables { header in
      header.pointee.sections.4.capacity = .max
    } check: { status, _ in
      #expect(status == -EBADMSG)
    }
    try withPokedTables { header in
      header.pointee.region_bytes += 1
    } check: { status, _ in
      #expect(status == -EBADMSG)
    }
    try withPokedTables { _ in
    } check: { status, _ in
      #expect(status == 0)
    }
  }

  /// A writer that stopped inside a row: the reader gives up and says what became of the owner.
  @Test func aRowHeldByTheWriterIsStaleAndOfADeadOwnerDead() throws {
    try withRawTables { base in
      let header = base.assumingMemoryBound(to: cc_table_header.self)
      var row = cc_metric_row()
      row.value = 5
      #expect(cc_table_write(base, UInt32(cc_section_metric), 0, &row) == 0)
      let version = (base + Int(header.pointee.sections.5.offset)).assumingMemoryBound(to: UInt64.self)
      #expect(cc_read_row(base, UInt32(cc_section_metric), 0, &row) == Int32(cc_row_ok))
      version.pointee += 1
      #expect(cc_read_row(base, UInt32(cc_section_metric), 0, &row) == Int32(cc_row_stale))
      // SHM-12: the number lives, but it is another process's by now.
      header.pointee.owner.start_ticks += 1
      #expect(cc_read_row(base, UInt32(cc_section_metric), 0, &row) == Int32(cc_row_dead))
    }
  }

  @Test func anOwnerWithoutHeartbeatIsStaleAndOneThatClosedIsDead() throws {
    try withRawTables { base in
      #expect(cc_table_owner(base) == Int32(cc_row_ok))
      cc_table_beat(base, cc_clock_boottime() - Int64(CC_TABLE_HEARTBEAT_MAX_NS) - 1)
      #expect(cc_table_owner(base) == Int32(cc_row_stale))
      cc_table_beat(base, 0)
      #expect(cc_table_owner(base) == Int32(cc_row_dead))
    }
  }

  /// One writer, one reader, one row: no mixture of two writes is ever seen.
  @Test func neverShowsAMixtureOfTwoWrites() throws {
    let tables = try makeTables()
    let reader = try AttachedTables(takingDescriptor: dup(tables.clientDescriptor))
    let sending = Publishing(tables)
    let thread = try WorkerThread(named: "row-writer") {
      for value in 1...100_000 as ClosedRange<UInt64> {
        var row = cc_order_row()
        row.order_number = value
        row.account = value &* 3
        row.lsn = value &* 7
        row.updated = Int64(value)
        _ = sending.tables.publish(row, at: 0)
      }
    }
    var last: UInt64 = 0
    var torn = 0
    var backwards = 0
    while last < 100_000 {
      guard case .row(let row) = reader.order(at: 0) else { continue }
      if row.account != row.order_number &* 3 || row.lsn != row.order_number &* 7 { torn += 1 }
      if row.updated != Int64(row.order_number) { torn += 1 }
      if row.order_number < last { backwards += 1 }
      last = row.order_number
    }
    thread.join()
    #expect(torn == 0 && backwards == 0)
  }

  @Test func theDescriptorTravelsOverASocket() throws {
    let tables = try makeTables()
    var row = cc_balance_row()
    row.lsn = 12
    let published = tables.publish(row, at: 0)
    #expect(published)
    var ends: [Int32] = [-1, -1]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { for end in ends { close(end) } }
    try tables.send(over: ends[0], line: Array("{\"ok\":true}\n".utf8))
    var received: Int32 = -1
    var bytes = [UInt8](repeating: 0, count: 64)
    #expect(cc_fd_receive(ends[1], &received, &bytes, bytes.count) == 12)
    #expect(bytes.prefix(11).elementsEqual("{\"ok\":true}".utf8))
    let reader = try AttachedTables(takingDescriptor: received)
    guard case .row(let seen) = reader.balance(at: 0) else {
      Issue.record("no row")
      return
    }
    #expect(seen.lsn == 12)
  }

  @Test func attachingWhereNobodyListensSaysSo() {
    var attachment = cc_attachment()
    let status = cc_attach_socket("/nonexistent/oms.sock", &attachment)
    #expect(status == -ENOENT)
    let message = withUnsafeBytes(of: attachment.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    #expect(message == "no engine answers at /nonexistent/oms.sock")
  }
}

@Suite struct HistogramTests {
  @Test(arguments: 0..<20)
  func percentilesAreAtMostThreePerCentTooHigh(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let memory = HistogramMemory()
    let histogram = memory.histogram
    var values: [UInt64] = []
    for _ in 0..<2_000 {
      let value = random.next() >> (24 + random.below(40))
      values.append(value)
      histogram.record(nanoseconds: Int64(value))
    }
    values.sort()
    #expect(histogram.count == 2_000 && histogram.min == values[0] && histogram.max == values[1_999])
    for ppm in [1, 250_000, 500_000, 990_000, 999_000, 1_000_000] {
      let exact = values[max(0, (2_000 * ppm + 999_999) / 1_000_000 - 1)]
      let told = histogram.percentile(partsPerMillion: ppm)
      #expect(told >= exact && told <= exact + exact / 32, "\(ppm): \(told) for \(exact)")
    }
  }

  @Test func bucketsFollowEachOtherWithoutAGap() {
    for bucket in 0..<Int(CC_HISTOGRAM_BUCKETS) {
      let end = cc_histogram_bucket_end(bucket)
      #expect(cc_histogram_bucket(end) == bucket)
      #expect(cc_histogram_bucket(end + 1) == min(bucket + 1, Int(CC_HISTOGRAM_BUCKETS) - 1))
    }
  }

  @Test func hasNothingToTellWithoutValues() {
    let memory = HistogramMemory()
    let histogram = memory.histogram
    #expect(histogram.percentile(partsPerMillion: 500_000) == 0 && histogram.min == 0 && histogram.max == 0)
    histogram.record(nanoseconds: -5)
    #expect(histogram.min == 0 && histogram.count == 1)
  }
}

private func smallCapacities() -> TableCapacities {
  var capacities = TableCapacities()
  capacities.accounts = 4
  capacities.positions = 4
  capacities.balances = 4
  capacities.instruments = 4
  capacities.orders = 4
  capacities.metrics = 4
  capacities.histograms = 2
  return capacities
}

private func makeTables() throws -> SharedTables {
  try SharedTables(smallCapacities(), tag: "test", epoch: 1)
}

/// Tables in private memory, which a test may damage.
private func withRawTables(_ body: (UnsafeMutableRawPointer) throws -> Void) throws {
  let rows: [UInt64] = [4, 4, 4, 4, 4, 4, 2]
  let bytes = cc_table_bytes(rows)
  let base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4_096)
  defer { base.deallocate() }
  base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  try #require(cc_table_init(base, rows, "test", 1) == 0)
  try body(base)
}

private func withPokedTables(
  _ poke: (UnsafeMutablePointer<cc_table_header>) -> Void, check: (Int32, String) -> Void
) throws {
  try withRawTables { base in
    let header = base.assumingMemoryBound(to: cc_table_header.self)
    let bytes = Int(header.pointee.region_bytes)
    poke(header)
    var text = [CChar](repeating: 0, count: 160)
    let status = cc_table_check(base, bytes, &text)
    check(status, String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
}

private final class Publishing: @unchecked Sendable {
  let tables: SharedTables
  init(_ tables: consuming SharedTables) { self.tables = tables }
}
