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
      for length in Array(0..<300) + [767, 768, 769, 959, 960, 1_535, 1_536, 2_048, 4_096] {
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
}
