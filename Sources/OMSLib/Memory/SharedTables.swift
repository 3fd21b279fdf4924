internal import CCore

/// Rows reserved for each published table.
package struct TableCapacities: Equatable, Sendable {
  package var accounts = Limits.accountCount
  package var positions = 8_192
  package var balances = 8_192
  package var instruments = Limits.instrumentCount
  package var orders = 16_384
  package var metrics = 512
  package var histograms = 32
  package init() {}

  fileprivate var inOrder: [UInt64] {
    [accounts, positions, balances, instruments, orders, metrics, histograms].map { UInt64($0) }
  }
}

/// The tables other processes read: copies of what the core knows, each row with the record it is as of.
///
/// Owner: the thread that drives the core. Publishing neither waits nor allocates; readers cannot disturb it. The rows
/// are `cc_table.h`, which is the interface for programs outside.
@safe package struct SharedTables: ~Copyable {
  private let memory: SealedMemory

  /// All memory is taken here.
  package init(_ capacities: TableCapacities, tag: String, epoch: UInt64) throws(SystemError) {
    precondition(tag.utf8.count <= 8, "an instance tag has at most 8 bytes")
    let rows = capacities.inOrder
    precondition(rows.allSatisfy { $0 <= 1 << 24 }, "a table has at most 2^24 rows")
    let byteCount = unsafe cc_table_bytes(rows)
    let memory = try SealedMemory(label: "oms-tables", byteCount: byteCount, access: .clientsRead)
    let status = unsafe cc_table_init(memory.base, rows, tag, epoch)
    guard status == 0 else { throw SystemError(errno: -status, call: "cc_table_init") }
    self.memory = memory
  }

  /// Read-only, for whoever may see the tables.
  package var clientDescriptor: Int32 { memory.clientDescriptor }
  package var byteCount: Int { memory.byteCount }

  /// Shows readers that the owner is at work. More than two seconds without it is stale.
  package func beat(boottime: Int64) { unsafe cc_table_beat(memory.base, boottime) }

  /// Tells readers that nothing will change any more.
  package func close() { unsafe cc_table_beat(memory.base, 0) }

  /// Each returns `false` when the table has no such row: a counted refusal of the caller.
  func publish(_ row: cc_account_row, at index: Int) -> Bool { write(row, cc_section_account, index) }
  func publish(_ row: cc_position_row, at index: Int) -> Bool { write(row, cc_section_position, index) }
  func publish(_ row: cc_balance_row, at index: Int) -> Bool { write(row, cc_section_balance, index) }
  func publish(_ row: cc_instrument_row, at index: Int) -> Bool { write(row, cc_section_instrument, index) }
  func publish(_ row: cc_order_row, at index: Int) -> Bool { write(row, cc_section_order, index) }
  func publish(_ row: cc_metric_row, at index: Int) -> Bool { write(row, cc_section_metric, index) }

  /// The histogram of that row, under `name`; `nil` beyond the capacity.
  package func histogram(at index: Int, name: String) -> Histogram? {
    precondition(index >= 0, "rows are counted from 0")
    guard let found = unsafe cc_table_histogram(memory.base, UInt64(index), name) else { return nil }
    return unsafe Histogram(unsafe: found)
  }

  /// Answers an attach request: `line` with the tables' descriptor beside it.
  package func send(over socket: Int32, line: [UInt8]) throws(SystemError) {
    precondition(!line.isEmpty, "a descriptor travels with at least one byte")
    let sent = unsafe line.withUnsafeBytes { unsafe cc_fd_send(socket, clientDescriptor, $0.baseAddress, $0.count) }
    guard sent == line.count else { throw SystemError(errno: Int32(clamping: -min(sent, 0)), call: "sendmsg") }
  }

  private func write<Fields: BitwiseCopyable>(_ row: Fields, _ section: Int, _ index: Int) -> Bool {
    precondition(MemoryLayout<Fields>.size == cc_table_row_size(UInt32(section)), "a row of another table")
    guard index >= 0 else { return false }
    return unsafe withUnsafeBytes(of: row) {
      unsafe cc_table_write(memory.base, UInt32(section), UInt64(index), $0.baseAddress)
    } == 0
  }
}

/// What reading a row told.
enum RowRead<Fields> {
  case row(Fields)
  /// Never written.
  case empty
  /// The owner is there but does not let go of the row.
  case stale
  /// The owner has ended: attach again.
  case dead
}

/// Another process's tables.
@safe package struct AttachedTables: ~Copyable {
  package enum Failure: Error, Equatable, Sendable {
    /// Both versions are in the text.
    case otherLayout(String)
    case damaged(String)
    case system(SystemError)
  }

  private let memory: AttachedMemory

  /// Maps a received descriptor, which this value owns from here on.
  package init(takingDescriptor descriptor: Int32) throws(Failure) {
    let memory = try Self.map(descriptor)
    var text = [CChar](repeating: 0, count: 160)
    let status = unsafe cc_table_check(memory.base, memory.byteCount, &text)
    let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard status == 0 else { throw status == -protocolError ? .otherLayout(words) : .damaged(words) }
    self.memory = memory
  }

  private static func map(_ descriptor: Int32) throws(Failure) -> AttachedMemory {
    do {
      return try AttachedMemory(takingDescriptor: descriptor, writable: false)
    } catch {
      throw .system(error)
    }
  }

  func account(at index: Int) -> RowRead<cc_account_row> { read(cc_section_account, index, cc_account_row()) }
  func position(at index: Int) -> RowRead<cc_position_row> { read(cc_section_position, index, cc_position_row()) }
  func balance(at index: Int) -> RowRead<cc_balance_row> { read(cc_section_balance, index, cc_balance_row()) }
  func instrument(at index: Int) -> RowRead<cc_instrument_row> {
    read(cc_section_instrument, index, cc_instrument_row())
  }
  func order(at index: Int) -> RowRead<cc_order_row> { read(cc_section_order, index, cc_order_row()) }

  package var positionCount: Int { Int(unsafe cc_table_count(memory.base, UInt32(cc_section_position))) }

  private func read<Fields: BitwiseCopyable>(_ section: Int, _ index: Int, _ blank: Fields) -> RowRead<Fields> {
    precondition(index >= 0, "rows are counted from 0")
    var row = blank
    switch Int(unsafe cc_read_row(memory.base, UInt32(section), UInt64(index), &row)) {
    case Int(cc_row_ok): return .row(row)
    case Int(cc_row_empty): return .empty
    case Int(cc_row_stale): return .stale
    default: return .dead
    }
  }
}

/// EPROTO, a number of the kernel's interface.
private let protocolError: Int32 = 71

extension cc_amount {
  init(_ units: Int128) {
    self.init(low: UInt64(truncatingIfNeeded: units), high: Int64(truncatingIfNeeded: units >> 64))
  }

  var units: Int128 { Int128(high) << 64 | Int128(low) }
}

extension cc_text32 {
  init(_ text: Text32) {
    self.init()
    unsafe withUnsafeMutableBytes(of: &bytes) { unsafe $0.storeBytes(of: text, as: Text32.self) }
  }

  var text: Text32 { unsafe withUnsafeBytes(of: bytes) { unsafe $0.loadUnaligned(as: Text32.self) } }
}

extension cc_text64 {
  init(_ text: Text64) {
    self.init()
    unsafe withUnsafeMutableBytes(of: &bytes) { unsafe $0.storeBytes(of: text, as: Text64.self) }
  }

  var text: Text64 { unsafe withUnsafeBytes(of: bytes) { unsafe $0.loadUnaligned(as: Text64.self) } }
}
