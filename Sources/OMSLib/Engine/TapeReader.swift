/// Reads a market's tape a piece at a time, each trade once.
final class TapeReader {
  /// Rows of one piece: what one answer of the hot thread carries.
  private static let pieceMax = 1_024

  let rules: Instrument
  /// The place on the tape up to which it is read.
  private(set) var place: UInt64
  /// Trades that left the tape before they were read.
  private(set) var missed: UInt64 = 0
  private var piece: RowCopy<TapeTrade>?
  private var hasRead = false

  init(_ rules: Instrument, behind place: UInt64 = 0) {
    self.rules = rules
    self.place = place
  }

  func wants(_ token: UInt64) -> Bool { piece?.wants(token) == true }

  /// The next trades; `nil` while they are on their way. An empty list: that is all there is now.
  func next(_ agent: ControlAgent) -> [TapeTrade]? {
    let piece =
      piece
      ?? RowCopy<TapeTrade>(.trades, limit: Self.pieceMax, argument: UInt64(rules.id.number) << 48 | place)
    self.piece = piece
    guard piece.step(agent) else { return nil }
    self.piece = nil
    if let first = piece.rows.first, hasRead, first.place > place + 1 { missed += first.place - place - 1 }
    hasRead = true
    place = piece.rows.last?.place ?? place
    return piece.rows
  }
}
