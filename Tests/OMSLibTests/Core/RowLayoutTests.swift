import Testing

@testable import OMSLib

/// Rows are compared and stored as words: a hidden byte of padding would be a byte that nobody wrote.
@Suite struct RowLayoutTests {
  private func wholeWords<Row: BitwiseCopyable>(_ row: Row) {
    var end = 0
    for child in Mirror(reflecting: row).children {
      let (size, alignment) = measure(child.value)
      #expect(end % alignment == 0, "\(Row.self): hidden bytes before '\(child.label ?? "?")' at \(end)")
      end = (end + alignment - 1) / alignment * alignment + size
    }
    #expect(end == MemoryLayout<Row>.stride, "\(Row.self) ends at \(end) of \(MemoryLayout<Row>.stride)")
    #expect(MemoryLayout<Row>.size == MemoryLayout<Row>.stride, "\(Row.self): spell its tail out")
  }

  private func measure<T>(_ value: T) -> (Int, Int) {
    (MemoryLayout<T>.size, MemoryLayout<T>.alignment)
  }

  private func measure(_ value: Any) -> (Int, Int) {
    func open<T>(_ value: T) -> (Int, Int) { (MemoryLayout<T>.size, MemoryLayout<T>.alignment) }
    return _openExistential(value, do: open)
  }

  @Test func noRowHidesBytes() {
    wholeWords(GlobalRow())
    wholeWords(ExposureRow())
    wholeWords(AssetRow())
    wholeWords(VenueRow())
    wholeWords(InstrumentRow())
    wholeWords(StrategyRow())
    wholeWords(AccountRow())
    wholeWords(RoleRow())
    wholeWords(OrderRow())
    wholeWords(PositionRow())
    wholeWords(VirtualRow())
    wholeWords(BalanceRow())
    wholeWords(FillIDRow())
    wholeWords(TextRow())
    wholeWords(BulkRow())
    wholeWords(AssetLimitRow())
  }
}
