import CCore
import OMSLib
import Testing

/// What the CPU's instructions compute is what the tables compute.
@Suite struct HashTests {
  @Test(arguments: 0..<8)
  func fastAndPortableChecksumsAgree(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bytes = (0..<4_200).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    bytes.withUnsafeBytes { all in
      guard let base = all.baseAddress else { return }
      // Every length around the strides of the several streams, at every alignment.
      for length in Array(0..<300) + [767, 768, 769, 959, 960, 1_535, 1_536, 1_600, 2_048, 4_096] {
        let start = Int(random.below(64))
        let seed = UInt32(truncatingIfNeeded: random.next())
        let fast = cc_crc32c(seed, base + start, length)
        #expect(fast == cc_crc32c_portable(seed, base + start, length), "\(length) bytes from \(start)")
      }
    }
  }

  @Test(arguments: 0..<8)
  func fastAndPortableDigestsAgree(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let blocks = 1 + Int(random.below(6))
    let bytes = (0..<64 * blocks).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var fast = cc_sha256_state()
    cc_sha256_begin(&fast)
    var portable = [fast.state.0, fast.state.1, fast.state.2, fast.state.3]
    portable += [fast.state.4, fast.state.5, fast.state.6, fast.state.7]
    cc_sha256_add(&fast, bytes, bytes.count)
    cc_sha256_blocks_portable(&portable, bytes, blocks)
    let words = withUnsafeBytes(of: fast.state) { Array($0.bindMemory(to: UInt32.self)) }
    #expect(words == portable)
  }

  /// A state machine of 300 rows that are written at random: both digests agree after each step, and see each bit.
  @Test(arguments: 0..<8)
  func fastAndPortableRowDigestsAgree(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let words = [1, 2, 3, 7, 8, 9, 17, 68][Int(seed)]
    let count = 300
    var rows = [UInt64](repeating: 0, count: words * count)
    var fastMarks = [UInt64](repeating: 0, count: count)
    var portableMarks = fastMarks
    var narrowMarks = fastMarks
    for _ in 0..<200 {
      var touched: [Int] = []
      for _ in 0..<random.below(4) {
        let row = Int(random.below(UInt64(count)))
        guard !touched.contains(row) else { continue }
        touched.append(row)
        // One bit, or back to zeros, or nothing at all.
        let at = row * words + Int(random.below(UInt64(words)))
        switch random.below(4) {
        case 0: for word in 0..<words { rows[row * words + word] = 0 }
        case 1: break
        default: rows[at] ^= 1 << random.below(64)
        }
      }
      let fast = digest(rows, &fastMarks, touched, words, cc_digest_rows)
      let portable = digest(rows, &portableMarks, touched, words, cc_digest_rows_portable)
      let narrow = digest(rows, &narrowMarks, touched, words, cc_digest_rows_narrow)
      #expect(fast.low == portable.low && fast.high == portable.high)
      #expect(fast.low == narrow.low && fast.high == narrow.high)
      #expect(fastMarks == portableMarks && fastMarks == narrowMarks)
    }
    // The mark follows from the content alone, whatever the way to it.
    rows.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for row in 0..<count where fastMarks[row] != 0 {
        #expect(cc_digest_mark(base + row * words * 8, UInt64(row), UInt64(words) * 8) == fastMarks[row])
      }
    }
  }

  /// No two rows of one bit have the same digest, wherever the bits are.
  @Test(arguments: [1, 9, 40])
  func eachBitOfARowIsInItsDigest(words: Int) {
    var marks: [UInt64] = [0]
    var seen: Set<UInt64> = []
    for bit in 0..<(words * 64) {
      var row = [UInt64](repeating: 0, count: words)
      row[bit / 64] = 1 << UInt64(bit % 64)
      marks[0] = 1
      seen.insert(digest(row, &marks, [0], words, cc_digest_rows).low)
      let again = digest(row, &marks, [0], words, cc_digest_rows)
      #expect(again.low == 0 && again.high == 0, "an unchanged row adds nothing")
    }
    #expect(seen.count == words * 64 && !seen.contains(0))
  }

  private func digest(
    _ rows: [UInt64], _ marks: inout [UInt64], _ touched: [Int], _ words: Int,
    _ function: (UnsafePointer<cc_touched_row>?, Int) -> cc_digest_sum
  ) -> cc_digest_sum {
    rows.withUnsafeBytes { bytes in
      marks.withUnsafeMutableBufferPointer { marks in
        guard let base = bytes.baseAddress, let mark = marks.baseAddress else { return cc_digest_sum() }
        let list = touched.map { row in
          mark[row] |= 1
          return cc_touched_row(
            row: base + row * words * 8, mark: mark + row, place: UInt64(row), bytes: UInt64(words) * 8)
        }
        return function(list, list.count)
      }
    }
  }
}
