internal import Glibc

/// A table of fixed size whose rows start as zero bytes. Memory is reserved at once and comes into being when touched.
///
/// Rows are changed through a shared reference, like the fields of an object: the single owner of the table (one
/// exchange) is what makes that sound. An index outside the table traps.
@safe struct Rows<Row: BitwiseCopyable>: ~Copyable {
  // A pointer stands first: in a value that begins with a number, the thread sanitizer's pass takes the number for an
  // address, and LLVM refuses the code (Swift 6.3).
  private let block: UnsafeMutableRawPointer
  let count: Int
  private let base: UnsafeMutablePointer<Row>

  /// Every type used here must be valid when all its bytes are zero.
  init(zeroed count: Int) {
    precondition(count > 0, "a table has at least one row")
    let bytes = count * MemoryLayout<Row>.stride + 64
    guard let block = unsafe calloc(1, bytes) else { preconditionFailure("no memory for a table of \(bytes) bytes") }
    unsafe self.block = block
    self.count = count
    unsafe base = block.alignedUp(toMultipleOf: 64).bindMemory(to: Row.self, capacity: count)
  }

  deinit { unsafe free(block) }

  subscript(index: Int) -> Row {
    @inline(__always) unsafeAddress {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such row")
      return unsafe UnsafePointer(base + index)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such row")
      return unsafe base + index
    }
  }

  /// The first rows as they lie in memory; good as long as the table lives.
  func bytes(count: Int) -> UnsafeRawBufferPointer {
    precondition(count >= 0 && count <= self.count, "no such rows")
    return unsafe UnsafeRawBufferPointer(start: base, count: count * MemoryLayout<Row>.stride)
  }

  /// Fills the first rows from a section; `false` when its rows are others or too many.
  func load(_ section: SnapshotSection) -> Bool {
    guard Int(section.rowBytes) == MemoryLayout<Row>.stride, section.count <= count else { return false }
    if section.count > 0 {
      unsafe UnsafeMutableRawPointer(base).copyMemory(
        from: section.bytes.baseAddress ?? UnsafeRawPointer(base), byteCount: section.bytes.count)
    }
    return true
  }

  /// Where a row lies; good as long as the table lives.
  @inline(__always) func pointer(to index: Int) -> UnsafeMutablePointer<Row> {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such row")
    return unsafe base + index
  }
}
