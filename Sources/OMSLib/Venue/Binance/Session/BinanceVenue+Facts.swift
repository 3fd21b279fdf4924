// What accounts may do and pay, read again before it is too old: with what orders and questions of the core leave over.

/// Something about an account that is not what it was, or not what it should be.
package struct BinanceFact: Equatable, Sendable {
  package enum Detail: Equatable, Sendable {
    case change(BinanceSettingsWatch.Change)
    /// The fee of this fill is not what the rates say; by trade and instrument.
    case fee(InstrumentID, VenueReference, BinanceFeeVerdict)
  }

  package var account: AccountID
  package var product: BinanceProduct
  package var detail: Detail
}

/// Facts that are being read, and those that nobody has fetched yet.
struct BinanceFacts {
  /// Who fetches none keeps the newest.
  static let keptMax = 4_096

  var told = WaitingLine<BinanceFact>()
  /// Before this there is nothing to ask, or no room for it.
  var asksAt = EngineTime.zero
  /// Accounts take turns: the seat that is looked at first.
  var turn = 0

  mutating func tell(_ fact: BinanceFact) {
    if told.count >= Self.keptMax { _ = told.pop() }
    told.push(fact)
  }
}

extension BinanceVenue where Network: ~Copyable {
  /// Above this the limits are for others.
  private static var sharePercent: Int64 { 40 }
  private static var pauseNanoseconds: Int64 { 1_000_000_000 }

  /// The next one that was not fetched yet.
  package func nextFact() -> BinanceFact? { facts.told.pop() }

  /// What was not read in time, so that nobody should rely on it.
  package func forEachStale(
    at now: EngineTime,
    _ body: (AccountID, BinanceProduct, BinanceSettingsWatch.Subject, _ ageNanoseconds: Int64) -> Void
  ) {
    for face in faces {
      for seat in face.seats { seat.watch.forEachStale(at: now) { body(seat.account, face.product, $0, $1) } }
    }
  }

  /// Rates as they were read last; `nil` before that.
  package func rates(of account: AccountID, _ instrument: InstrumentID) -> BinanceFeeRates? {
    guard let face = face(of: instrument), let seat = face.seat(of: account) else { return nil }
    return face.seats[seat].watch.rates(of: instrument)
  }

  func turnFacts(now: EngineTime, utc: UTCTime) {
    guard now >= facts.asksAt else { return }
    facts.asksAt = .never
    let count = faces.reduce(0) { $0 + $1.seats.count }
    for step in 0..<count {
      let (face, index) = place((facts.turn + step) % count)
      let due = face.seats[index].watch.nextDue
      guard due <= now else {
        facts.asksAt = min(facts.asksAt, due)
        continue
      }
      if ask(face, index, now: now, utc: utc) {
        facts.turn = (facts.turn + step + 1) % count
        // One at a time: its answer goes on.
        facts.asksAt = .never
      } else {
        facts.asksAt = now.advanced(byNanoseconds: Self.pauseNanoseconds)
      }
      return
    }
  }

  private func place(_ number: Int) -> (BinanceFace, Int) {
    var rest = number
    for face in faces {
      if rest < face.seats.count { return (face, rest) }
      rest -= face.seats.count
    }
    preconditionFailure("the number is one of those that were counted")
  }

  private func ask(_ face: BinanceFace, _ index: Int, now: EngineTime, utc: UTCTime) -> Bool {
    let seat = face.seats[index]
    let time = face.time(at: utc)
    guard face.knowsTime, jobs.queue.isEmpty, time >= face.weight.closedUntil,
      face.weight.usedPercent(at: time) < Self.sharePercent, let apiKey = keys.apiKey(of: seat.account, face.product),
      let question = seat.watch.next(now: now, into: &call)
    else { return false }
    guard let charge = face.weight.take(question.weight, isCancel: false, at: time) else {
      seat.watch.lost(token: question.token)
      return false
    }
    var access = BinanceAccess(apiKey: apiKey, product: face.product)
    access.windowMicroseconds = settings.receiveWindowNanoseconds / 1_000
    let errand = BinanceErrand.fact(seat: index, token: question.token, charge)
    if submitCall(face, errand, account: seat.account, access: access, isRepeatable: true, now: now, utc: utc) {
      return true
    }
    face.weight.settle(charge, isFree: true, at: time)
    seat.watch.lost(token: question.token)
    return false
  }

  func takeFact(
    _ answer: BinanceAnswer, seat index: Int, token: UInt32, _ face: BinanceFace, retryAfterSeconds: Int64,
    now: EngineTime, utc: UTCTime
  ) {
    facts.asksAt = .zero
    let seat = face.seats[index]
    let problem = seat.watch.take(
      answer, token: token, face.reading(seat.account), memory: &seat.memory, retryAfterSeconds: retryAfterSeconds,
      now: now, utc: face.time(at: utc))
    if problem != nil { unreadable += 1 }
    while let change = seat.watch.nextChange() {
      facts.tell(BinanceFact(account: seat.account, product: face.product, detail: .change(change)))
    }
  }

  /// Holds the fee of a fill against what the account should pay.
  func judge(_ fill: VenueEvent, _ face: BinanceFace, seat index: Int, now: EngineTime) {
    guard fill.kind == .fill else { return }
    let seat = face.seats[index]
    let verdict = seat.watch.judge(fill, now: now)
    guard case .deviates = verdict else { return }
    facts.asksAt = .zero
    facts.tell(
      BinanceFact(
        account: seat.account, product: face.product, detail: .fee(fill.instrument, fill.trade, verdict)))
  }
}
