import Testing

@testable import OMSLib

@Suite struct IndexesTests {
  /// Whatever goes in and out, with keys that meet in the same places: what is in is found, and nothing else.
  @Test(arguments: 0..<20 as Range<UInt64>) func theIndexOfFillsIsASet(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var index = FillIndex(capacity: 512)
    var model: Set<UInt64> = []
    for _ in 0..<2_000 {
      let key = self.key(&random)
      if model.contains(key) {
        index.remove(key)
        model.remove(key)
      } else if model.count < 500 {
        index.insert(key)
        model.insert(key)
      }
      let other = self.key(&random)
      let count = index.count
      let holds = index.contains(other)
      #expect(holds == model.contains(other))
      #expect(count == model.count)
    }
  }

  private func key(_ random: inout SplitMix64) -> UInt64 { (1 + random.below(40)) | random.below(24) << 10 }
}
