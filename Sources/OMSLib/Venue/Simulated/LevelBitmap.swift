/// Which of 262,144 price levels hold orders: three tiers of 64-bit words, so that the highest and the lowest are found
/// with three bit scans.
struct LevelBitmap: ~Copyable {
  static let capacity = 1 << 18
  private let fine = Rows<UInt64>(zeroed: 1 << 12)
  private let middle = Rows<UInt64>(zeroed: 1 << 6)
  private var top: UInt64 = 0

  var isEmpty: Bool { top == 0 }

  @inline(__always) mutating func insert(_ index: Int) {
    fine[index >> 6] |= 1 << UInt64(index & 63)
    middle[index >> 12] |= 1 << UInt64((index >> 6) & 63)
    top |= 1 << UInt64(index >> 12)
  }

  @inline(__always) mutating func remove(_ index: Int) {
    fine[index >> 6] &= ~(1 << UInt64(index & 63))
    guard fine[index >> 6] == 0 else { return }
    middle[index >> 12] &= ~(1 << UInt64((index >> 6) & 63))
    guard middle[index >> 12] == 0 else { return }
    top &= ~(1 << UInt64(index >> 12))
  }

  /// -1 when empty.
  @inline(__always) var highest: Int {
    guard top != 0 else { return -1 }
    let a = 63 - top.leadingZeroBitCount
    let b = a << 6 | (63 - middle[a].leadingZeroBitCount)
    return b << 6 | (63 - fine[b].leadingZeroBitCount)
  }

  /// -1 when empty.
  @inline(__always) var lowest: Int {
    guard top != 0 else { return -1 }
    let a = top.trailingZeroBitCount
    let b = a << 6 | middle[a].trailingZeroBitCount
    return b << 6 | fine[b].trailingZeroBitCount
  }

  /// The next level above `index` that holds orders; -1 when there is none.
  func next(above index: Int) -> Int {
    let start = index + 1
    guard start < Self.capacity else { return -1 }
    let word = fine[start >> 6] & (~0 << UInt64(start & 63))
    if word != 0 { return start & ~63 | word.trailingZeroBitCount }
    var b = start >> 6
    let rest = middle[b >> 6] & Self.above(b & 63)
    if rest == 0 {
      let high = top & Self.above(b >> 6)
      guard high != 0 else { return -1 }
      let a = high.trailingZeroBitCount
      b = a << 6 | middle[a].trailingZeroBitCount
    } else {
      b = b & ~63 | rest.trailingZeroBitCount
    }
    return b << 6 | fine[b].trailingZeroBitCount
  }

  /// The next level below `index` that holds orders; -1 when there is none.
  func next(below index: Int) -> Int {
    let start = index - 1
    guard start >= 0 else { return -1 }
    let word = fine[start >> 6] & (~0 >> UInt64(63 - (start & 63)))
    if word != 0 { return start & ~63 | (63 - word.leadingZeroBitCount) }
    var b = start >> 6
    let rest = middle[b >> 6] & Self.below(b & 63)
    if rest == 0 {
      let low = top & Self.below(b >> 6)
      guard low != 0 else { return -1 }
      let a = 63 - low.leadingZeroBitCount
      b = a << 6 | (63 - middle[a].leadingZeroBitCount)
    } else {
      b = b & ~63 | (63 - rest.leadingZeroBitCount)
    }
    return b << 6 | (63 - fine[b].leadingZeroBitCount)
  }

  /// Bits strictly above (below) `bit`.
  private static func above(_ bit: Int) -> UInt64 { bit == 63 ? 0 : ~0 << UInt64(bit + 1) }
  private static func below(_ bit: Int) -> UInt64 { bit == 0 ? 0 : ~0 >> UInt64(64 - bit) }
}
