/// Bytes between a peer and us, in one piece: taken from the front, added at the end.
///
/// It grows for what a single message needs; emptied and filled again, it stops allocating. Whoever fills it bounds it:
/// a reader refuses a message that would need more than its limits, so no more is kept than one message and one filling.
///
/// Owner: whoever holds it; it cannot be copied.
@safe package struct ByteQueue: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  package private(set) var capacity: Int
  private var start = 0
  private var end = 0

  package init(capacity: Int = 4_096) {
    precondition(capacity > 0, "a buffer needs room for a byte")
    unsafe base = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { unsafe base.deallocate() }

  package var count: Int { end - start }
  package var isEmpty: Bool { end == start }

  package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    unsafe (base + end).update(from: source, count: bytes.count)
    end += bytes.count
  }

  package mutating func append(_ bytes: some Collection<UInt8>) {
    let taken: Void? = bytes.withContiguousStorageIfAvailable { unsafe append($0) }
    if taken == nil { unsafe Array(bytes).withUnsafeBufferPointer { unsafe append($0) } }
  }

  /// Lends room for at least `count` bytes behind the last; `body` says how many of them it wrote.
  package mutating func fill<E: Error>(
    atLeast count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) -> Int {
    reserve(count)
    let room = unsafe UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
    let written = try unsafe body(room)
    precondition(written >= 0 && written <= capacity - end, "more was written than there was room")
    end += written
    return written
  }

  package mutating func removeFirst(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "more was taken than there is")
    start += count
    if start == end {
      start = 0
      end = 0
    }
  }

  package mutating func removeAll() {
    start = 0
    end = 0
  }

  package subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "read behind the end of a buffer")
    return unsafe base[start + index]
  }

  /// Lends what was not taken yet.
  package borrowing func withBytes<R, E: Error>(_ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R) throws(E) -> R {
    try unsafe body(UnsafeBufferPointer(start: base + start, count: count))
  }

  package mutating func withMutableBytes<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    try unsafe body(UnsafeMutableBufferPointer(start: base + start, count: count))
  }

  /// Room for `extra` bytes behind the last: what was taken in front is used first.
  package mutating func reserve(_ extra: Int) {
    precondition(extra >= 0)
    guard extra > capacity - end else { return }
    let used = count
    if used + extra <= capacity {
      unsafe base.update(from: base + start, count: used)
    } else {
      var wider = capacity
      while wider < used + extra { wider *= 2 }
      let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: wider)
      unsafe moved.update(from: base + start, count: used)
      unsafe base.deallocate()
      unsafe base = moved
      capacity = wider
    }
    start = 0
    end = used
  }
}
