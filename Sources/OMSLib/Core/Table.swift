internal import CCore

/// The running 128-bit digest of everything written to the core's tables.
///
/// Each changed 64-bit field adds a mixture of (table, row, field, new value); each step folds the sum in. Two cores
/// that made the same writes in the same steps have the same digest; a single different bit shows for ever after.
package struct StateDigest: Hashable, Sendable, BitwiseCopyable {
  package var low: UInt64 = 0x243F_6A88_85A3_08D3
  package var high: UInt64 = 0x1319_8A2E_0370_7344

  package init() {}

  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  /// Ends a step that wrote the fields summed up in `sumLow` and `sumHigh`.
  mutating func fold(_ sumLow: UInt64, _ sumHigh: UInt64) {
    low = Self.mix(low ^ sumLow, 0xA076_1D64_78BD_642F) &+ sumHigh
    high = Self.mix(high ^ sumHigh, 0xE703_7ED1_A0B4_28DB) &+ sumLow
  }
}

/// What a step changed: the rows as they were before it.
///
/// The first write to a row in a step saves the row here. From that follow the digest (old against new), the list of
/// rows to publish.
///
/// Owner: one core. All memory is taken at start.
@safe struct UndoLog: ~Copyable {
  @unsafe struct Entry: BitwiseCopyable {
    var row: UnsafeMutableRawPointer
    var index: UInt32
    var offset: UInt32
    var words: UInt32
    var table: UInt32
  }

  static let entryCapacity = 8_192
  static let byteCapacity = 4 << 20

  private(set) var stamp: UInt64 = 1
  private(set) var count = 0
  /// Of all steps since somebody last looked.
  var touched = TouchedRows()
  private var bytes = 0
  private let entries: UnsafeMutablePointer<Entry>
  private let saved: UnsafeMutableRawPointer

  init() {
    unsafe entries = .allocate(capacity: Self.entryCapacity)
    unsafe saved = .allocate(byteCount: Self.byteCapacity, alignment: 64)
  }

  deinit {
    unsafe entries.deallocate()
    unsafe saved.deallocate()
  }

  mutating func save(_ row: UnsafeMutableRawPointer, index: Int, size: Int, table: UInt8) {
    precondition(count < Self.entryCapacity && bytes + size <= Self.byteCapacity, "one step wrote too many rows")
    unsafe saved.advanced(by: bytes).copyMemory(from: row, byteCount: size)
    unsafe entries[count] = Entry(
      row: row, index: UInt32(truncatingIfNeeded: index), offset: UInt32(bytes), words: UInt32(size / 8),
      table: UInt32(table))
    count += 1
    bytes += size
  }

  /// Adds all changes since the last call to `digest`, and starts the next step.
  mutating func commit(into digest: inout StateDigest) {
    var sumLow: UInt64 = 0
    var sumHigh: UInt64 = 0
    for i in 0..<count {
      let entry = unsafe entries[i]
      let before = unsafe saved.advanced(by: Int(entry.offset)).assumingMemoryBound(to: UInt64.self)
      let after = unsafe entry.row.assumingMemoryBound(to: UInt64.self)
      let place = unsafe UInt64(entry.table) << 56 | UInt64(entry.index) << 16
      let words = unsafe Int(entry.words)
      var word = 0
      while word < words {
        // Most of a row stays as it was: eight words are passed over at once.
        if word &+ 8 <= words, unsafe Self.areEqual(before + word, after + word) {
          word &+= 8
          continue
        }
        let end = min(word &+ 8, words)
        while word < end {
          let value = unsafe after[word]
          if unsafe value != before[word] {
            let product = ((place | UInt64(word)) ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(
              by: value ^ 0xC2B2_AE3D_27D4_EB4F)
            sumLow &+= product.low
            sumHigh &+= product.high
          }
          word &+= 1
        }
      }
    }
    digest.fold(sumLow, sumHigh)
    if touched.isFollowing {
      for i in 0..<count { unsafe touched.note(table: entries[i].table, row: entries[i].index) }
    }
    clear()
  }

  @inline(__always)
  private static func areEqual(_ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>) -> Bool {
    let low = unsafe (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])
    let high = unsafe (a[4] ^ b[4]) | (a[5] ^ b[5]) | (a[6] ^ b[6]) | (a[7] ^ b[7])
    return low | high == 0
  }

  /// Table and row of change `i` of the step under way.
  func change(_ i: Int) -> (table: UInt8, row: Int) {
    precondition(i < count)
    let entry = unsafe entries[i]
    return unsafe (UInt8(truncatingIfNeeded: entry.table), Int(entry.index))
  }

  private mutating func clear() {
    count = 0
    bytes = 0
    stamp += 1
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
}

/// Rows of one kind in memory reserved at start. Every write is saved in the undo log first, so that no change can
/// escape the digest. Rows are zero until written.
///
/// Owner: one core.
@safe package struct Table<Row: BitwiseCopyable>: ~Copyable {
  package let capacity: Int
  let id: TableID
  private let rows: UnsafeMutablePointer<Row>
  private let stamps: UnsafeMutablePointer<UInt64>
  private let log: UnsafeMutablePointer<UndoLog>

  /// - Precondition: `log` outlives the table.
  init(_ id: TableID, capacity: Int, unsafeLog log: UnsafeMutablePointer<UndoLog>) {
    precondition(capacity > 0 && MemoryLayout<Row>.stride % 8 == 0, "rows are whole words")
    precondition(MemoryLayout<Row>.size == MemoryLayout<Row>.stride, "the tail of a row is spelled out")
    self.id = id
    self.capacity = capacity
    unsafe self.rows = zeroPages(Row.self, capacity)
    unsafe self.stamps = zeroPages(UInt64.self, capacity)
    unsafe self.log = log
  }

  deinit {
    unsafe releasePages(rows, capacity)
    unsafe releasePages(stamps, capacity)
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
      if unsafe stamps[index] != log.pointee.stamp { save(index) }
      return unsafe rows + index
    }
  }

  /// Starts to fetch a row that is wanted soon.
  @inline(__always)
  func prepare(_ index: Int) {
    precondition(index >= 0 && index < capacity, "row outside its table")
    let row = unsafe UnsafeRawPointer(rows + index)
    var offset = 0
    while offset < MemoryLayout<Row>.stride {
      unsafe cc_prefetch(row + offset)
      offset &+= 64
    }
  }

  @inline(never)
  private func save(_ index: Int) {
    unsafe stamps[index] = log.pointee.stamp
    unsafe log.pointee.save(
      UnsafeMutableRawPointer(rows + index), index: index, size: MemoryLayout<Row>.stride, table: id.rawValue)
  }

  /// The first `count` rows as bytes, for a snapshot.
  package func bytes(count: Int) -> UnsafeRawBufferPointer {
    precondition(count <= capacity)
    return unsafe UnsafeRawBufferPointer(start: rows, count: count * MemoryLayout<Row>.stride)
  }

  /// Loads rows from a snapshot; the table must be as new.
  package mutating func load(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count % MemoryLayout<Row>.stride == 0, bytes.count / MemoryLayout<Row>.stride <= capacity else {
      return false
    }
    guard let base = bytes.baseAddress else { return true }
    unsafe UnsafeMutableRawPointer(rows).copyMemory(from: base, byteCount: bytes.count)
    return true
  }
}
