internal import CCore

/// The running 128-bit digest of everything written to the core's tables.
///
/// Each changed row adds a hash of its place and its new content; each step folds the sum in. Two cores that made the
/// same writes in the same steps have the same digest; a single different bit shows for ever after.
package struct StateDigest: Hashable, Sendable, BitwiseCopyable {
  package var low: UInt64 = 0x243F_6A88_85A3_08D3
  package var high: UInt64 = 0x1319_8A2E_0370_7344

  package init() {}

  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  /// Ends a step that wrote the rows summed up in `sumLow` and `sumHigh`.
  mutating func fold(_ sumLow: UInt64, _ sumHigh: UInt64) {
    low = Self.mix(low ^ sumLow, 0xA076_1D64_78BD_642F) &+ sumHigh
    high = Self.mix(high ^ sumHigh, 0xE703_7ED1_A0B4_28DB) &+ sumLow
  }
}

/// The rows that the step under way has been lent for writing. Beside every row lies a mark: what the digest knows of
/// its content, and whether the row is in this list.
///
/// Which rows were lent says nothing yet: only those whose content differs from their mark enter the digest. So it
/// depends on nothing but the rows, and a core loaded from a snapshot goes on with the same one.
///
/// Owner: one core. All memory is taken at start.
@safe struct StepLog: ~Copyable {
  static let capacity = 8_192

  private(set) var count = 0
  /// Of all steps since somebody last looked.
  var touched = TouchedRows()
  private let entries: UnsafeMutablePointer<cc_touched_row>

  init() { unsafe entries = .allocate(capacity: Self.capacity) }

  deinit { unsafe entries.deallocate() }

  @inline(__always)
  mutating func add(_ row: UnsafeRawPointer, _ mark: UnsafeMutablePointer<UInt64>, place: UInt64, size: Int) {
    precondition(count < Self.capacity, "one step wrote too many rows")
    unsafe entries[count] = cc_touched_row(row: row, mark: mark, place: place, bytes: UInt64(size))
    count &+= 1
  }

  /// Adds all changes since the last call to `digest`, and starts the next step.
  mutating func commit(into digest: inout StateDigest) {
    let sum = unsafe cc_digest_rows(entries, count)
    digest.fold(sum.low, sum.high)
    if touched.isFollowing {
      for i in 0..<count {
        let place = unsafe entries[i].place
        touched.note(table: UInt32(place >> 56), row: UInt32(truncatingIfNeeded: place))
      }
    }
    count = 0
  }
}

/// Zero memory of the kernel for `count` values: it costs nothing until it is written.
func zeroPages<T: BitwiseCopyable>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
  guard let base = unsafe cc_pages_reserve(count * MemoryLayout<T>.stride) else {
    preconditionFailure("no memory for \(count) rows of \(MemoryLayout<T>.stride) bytes")
  }
  return unsafe base.bindMemory(to: type, capacity: count)
}

/// Gives back what `zeroPages` gave for as many.
func releasePages<T: BitwiseCopyable>(_ pages: UnsafeMutablePointer<T>, _ count: Int) {
  unsafe cc_pages_release(pages, count * MemoryLayout<T>.stride)
}

/// Numbers of the tables, as snapshots and the digest know them. For ever.
package enum TableID: UInt8, Sendable, CaseIterable {
  case global = 1
  case asset = 2
  case venue = 3
  case instrument = 4
  case account = 5
  case strategy = 6
  case order = 7
  case position = 8
  case balance = 9
  case virtualPosition = 10
  case fillID = 11
  case limit = 12
  case limitMask = 13
  case text = 14
  case bulk = 15
  case assetLimit = 16
  case orderLink = 17
  case role = 18
}

/// Rows of one kind in memory reserved at start. Every row that is lent for writing is in the log of the step first, so
/// that no change can escape the digest. Rows are zero until written.
///
/// Owner: one core.
@safe package struct Table<Row: BitwiseCopyable>: ~Copyable {
  package let capacity: Int
  let id: TableID
  private let rows: UnsafeMutablePointer<Row>
  private let marks: UnsafeMutablePointer<UInt64>
  private let log: UnsafeMutablePointer<StepLog>

  /// - Precondition: `log` outlives the table.
  init(_ id: TableID, capacity: Int, unsafeLog log: UnsafeMutablePointer<StepLog>) {
    precondition(capacity > 0 && MemoryLayout<Row>.stride % 8 == 0, "rows are whole words")
    precondition(MemoryLayout<Row>.size == MemoryLayout<Row>.stride, "the tail of a row is spelled out")
    self.id = id
    self.capacity = capacity
    unsafe self.rows = zeroPages(Row.self, capacity)
    unsafe self.marks = zeroPages(UInt64.self, capacity)
    unsafe self.log = log
  }

  deinit {
    unsafe releasePages(rows, capacity)
    unsafe releasePages(marks, capacity)
  }

  package subscript(_ index: Int) -> Row {
    @inline(__always)
    unsafeAddress {
      precondition(index >= 0 && index < capacity, "row outside its table")
      return unsafe UnsafePointer(rows + index)
    }
    @inline(__always)
    unsafeMutableAddress {
      precondition(index >= 0 && index < capacity, "row outside its table")
      if unsafe marks[index] & 1 == 0 { touch(index) }
      return unsafe rows + index
    }
  }

  /// For several looks at one row: the place is worked out once.
  @inline(__always)
  func row(_ index: Int) -> UnsafePointer<Row> {
    precondition(index >= 0 && index < capacity, "row outside its table")
    return unsafe UnsafePointer(rows + index)
  }

  /// Starts to fetch a row that is wanted soon: its first `bytes`, or all of it, without what lies before `start`.
  @inline(__always)
  func prepare(_ index: Int, from start: Int = 0, bytes: Int = MemoryLayout<Row>.stride) {
    precondition(index >= 0 && index < capacity, "row outside its table")
    let row = unsafe UnsafeRawPointer(rows + index)
    var offset = start
    while offset < bytes {
      unsafe cc_prefetch(row + offset)
      offset &+= 64
    }
    unsafe cc_prefetch(marks + index)
  }

  @inline(__always)
  private func place(_ index: Int) -> UInt64 { UInt64(id.rawValue) << 56 | UInt64(index) }

  @inline(never)
  private func touch(_ index: Int) {
    unsafe marks[index] |= 1
    unsafe log.pointee.add(rows + index, marks + index, place: place(index), size: MemoryLayout<Row>.stride)
  }

  /// The first `size` bytes of a row, valid until the next step.
  @inline(__always)
  func bytes(of index: Int, _ size: Int) -> UnsafeRawBufferPointer {
    precondition(index >= 0 && index < capacity && size <= MemoryLayout<Row>.stride, "bytes of a row of the table")
    return unsafe UnsafeRawBufferPointer(start: rows + index, count: size)
  }

  /// The first `count` rows as bytes, for a snapshot.
  package func bytes(count: Int) -> UnsafeRawBufferPointer {
    precondition(count <= capacity)
    return unsafe UnsafeRawBufferPointer(start: rows, count: count * MemoryLayout<Row>.stride)
  }

  /// Loads rows from a snapshot; the table must be as new, and no step under way. Rows grow at their end only: what a
  /// shorter one of an older core does not have is zero.
  package mutating func load(_ bytes: UnsafeRawBufferPointer, rowBytes: Int) -> Bool {
    guard rowBytes > 0, rowBytes <= MemoryLayout<Row>.stride, bytes.count % rowBytes == 0,
      bytes.count / rowBytes <= capacity
    else { return false }
    guard let base = bytes.baseAddress else { return true }
    for index in 0..<(bytes.count / rowBytes) {
      unsafe UnsafeMutableRawPointer(rows + index).copyMemory(from: base + index * rowBytes, byteCount: rowBytes)
      unsafe marks[index] = cc_digest_mark(rows + index, place(index), UInt64(MemoryLayout<Row>.stride))
    }
    return true
  }
}
