/// The best prices of one instrument, as a venue agent publishes them.
package struct TopOfBook: Sendable, BitwiseCopyable {
  package var bid: Int64 = 0
  package var bidQuantity: Int64 = 0
  package var ask: Int64 = 0
  package var askQuantity: Int64 = 0
  package var last: Int64 = 0
  package var mark: Int64 = 0
  package var index: Int64 = 0
  package var bookSequence: UInt64 = 0
  package var updatedAt = EngineTime.zero
  /// 0: stale, gapped or never seen; then nothing may be read from it.
  package var isValid: UInt64 = 0
  package init() {}
}
