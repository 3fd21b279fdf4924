/// Books, kept only while somebody looks at them; and what time brings.
extension BinanceMarket {
  /// Books that are kept at one time: the one that nobody has looked at for the longest makes room.
  static let bookMax = 64
  /// Changes of books come ten times a second.
  static let lag: Int64 = 2_000_000_000

  /// Levels of both sides, the best first, as far as all of them are known. `false`: they are on the way, ask again.
  package func forEachLevel(
    of instrument: InstrumentID, depth: Int, now: EngineTime,
    _ body: (_ side: Side, _ price: Int64, _ quantity: Int64) -> Void
  ) -> Bool {
    self.now = now
    guard rows[instrument.index].isOurs != 0, depth > 0 else { return true }
    let place = place(of: instrument) ?? follow(instrument)
    books[place].wantedAt = now
    books[place].depth = max(books[place].depth, depth)
    if isBehind(place) { restart(place) }
    guard books[place].book.state == .live, isProven else { return false }
    for side in Side.allCases { books[place].book.forEachLevel(side, depth) { body(side, $0, $1) } }
    if books[place].isWornOut(at: now) { restart(place) }
    return true
  }

  /// Best prices have long been of a later update than the book: its changes have stopped.
  private func isBehind(_ place: Int) -> Bool {
    let row = rows[books[place].instrument.id.index]
    return books[place].book.state == .live && UInt64(books[place].book.update) < row.top.bookSequence
      && now.nanoseconds - row.tickerAt.nanoseconds > Self.lag
  }

  private func restart(_ place: Int) {
    count { $0.resyncs += 1 }
    books[place].book.reset()
  }

  func place(of instrument: InstrumentID) -> Int? { books.firstIndex { $0.instrument.id == instrument } }

  private func follow(_ instrument: InstrumentID) -> Int {
    if books.count == Self.bookMax, let oldest = books.indices.min(by: { books[$0].wantedAt < books[$1].wantedAt }) {
      leave(oldest)
    }
    guard let rules = instruments.first(where: { $0.id == instrument }) else {
      preconditionFailure("an instrument of ours is listed")
    }
    let known = lines[.book].streams.firstIndex { $0.kind == .depth && $0.native == rules.native }
    let stream = known ?? append(MarketStream(native: rules.native, kind: .depth), to: .book)
    lines[.book].streams[stream].isWanted = true
    wake(.book)
    books.append(FollowedBook(rules, product, stream: stream, at: now))
    return books.count - 1
  }

  private func leave(_ place: Int) {
    lines[.book].streams[books[place].stream].isWanted = false
    wake(.book)
    books.remove(at: place)
  }

  /// The change that the reader holds.
  func takeDepth() {
    guard let place = place(of: reader.depth.symbol.instrument) else { return }
    switch books[place].book.take(reader.depth) {
    case .applied, .kept, .stale: return
    // The snapshot that is under way may still do.
    case .overflow, .tooOld: return count { $0.resyncs += 1 }
    case .gap: count { $0.gaps += 1 }
    case .crossed: break
    }
    count { $0.resyncs += 1 }
    books[place].asking.fail(at: now, &random)
  }

  // MARK: Time

  /// Does what is due by itself. Behind the messages that have come, so that nothing is judged by their absence.
  package func turn(now: EngineTime) {
    self.now = now
    for index in links.indices where links[index].isOverdue(at: now) && links[index].fail() {
      failures.push((links[index].number, "it does not answer a subscription"))
    }
    if !doubted.isEmpty { judgeDoubts() }
    for place in books.indices.reversed() {
      if now.nanoseconds - books[place].wantedAt.nanoseconds >= FollowedBook.idle {
        leave(place)
      } else if books[place].carriedAt == .zero,
        links.contains(where: { $0.line == .book && $0.carries(books[place].stream) })
      {
        books[place].carriedAt = now
      }
    }
  }

  /// A stream that was contradicted and says nothing is dead.
  private func judgeDoubts() {
    doubted.removeAll { number in
      let row = rows[Int(number)]
      guard row.contradictedAt != .zero else { return row.divergedAt == .zero }
      guard now.nanoseconds - row.contradictedAt.nanoseconds >= Self.contradictionMax else { return false }
      rows[Int(number)].forgetTicker()
      if let place = links.firstIndex(where: { $0.line == .book }), links[place].fail() {
        failures.push((links[place].number, "its best prices are not those of the venue"))
      }
      return true
    }
  }

  /// When ``turn(now:)``, a message or a question is due.
  package var nextDue: EngineTime { nextDue(asksAt: .zero) }

  /// The same where questions have to wait until `asksAt`, and nothing else has.
  package func nextDue(asksAt: EngineTime) -> EngineTime {
    guard failures.isEmpty else { return .zero }
    var due = min(topsDue, intervalsDue)
    for book in books { due = min(due, book.asksAt) }
    due = max(due, asksAt)
    for book in books { due = min(due, book.wantedAt.advanced(byNanoseconds: FollowedBook.idle)) }
    for link in links { due = min(due, link.nextDue) }
    // Readers are told in time that prices are not known any more.
    if isProven { due = min(due, lines[.book].provenAt.advanced(byNanoseconds: Self.silence)) }
    for number in doubted {
      let row = rows[Int(number)]
      if row.contradictedAt != .zero {
        due = min(due, row.contradictedAt.advanced(byNanoseconds: Self.contradictionMax))
      }
      // Behind that only a message or an answer changes anything.
      if row.divergedAt != .zero, now.nanoseconds - row.divergedAt.nanoseconds < Self.divergenceMax {
        due = min(due, row.divergedAt.advanced(byNanoseconds: Self.divergenceMax))
      }
    }
    return due
  }
}
