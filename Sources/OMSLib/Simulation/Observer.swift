/// Reads what is durable, record by record, and holds it against the rules. It shares no code with the core: what it
/// knows comes from the events alone.
///
/// Owner: one world. It outlives every run of the engine: what it has seen once must be there for ever.
final class Observer {
  struct SeenOrder {
    var image = OrderImage()
    var lastLsn: UInt64 = 0
  }

  struct FillKey: Hashable {
    var account: UInt16
    var instrument: UInt16
    var side: UInt8
    var isBust: UInt8
    var trade: VenueReference
  }

  struct PositionKey: Hashable {
    var account: UInt16
    var instrument: UInt16
    /// `PositionSide`
    var side: UInt8
  }

  /// One position by the fills alone, exact.
  struct SeenPosition {
    var quantity = Int128(0)
    var cash = Int128(0)
    var fees = Int128(0)
    var fillCount = 0
    var lastTrade: UInt64 = 0
  }

  let verdict: WorldVerdict
  let probes: Probes
  private(set) var orders: [UInt64: SeenOrder] = [:]
  private(set) var numbers: [Text64: UInt64] = [:]
  private(set) var fills: Set<FillKey> = []
  private(set) var positions: [PositionKey: SeenPosition] = [:]
  /// Accounts whose fills did not come in the venue's order: what is realised and what is still invested then stand
  /// apart differently, with the same sum.
  private(set) var shuffledAccounts: Set<UInt16> = []
  private(set) var epochs: [UInt32] = []
  /// Order numbers in the order of their first event.
  private(set) var orderNumbers: [UInt64] = []
  private(set) var lastLsn: UInt64 = 0
  private(set) var lastChain: UInt32 = JournalFormat.firstChain
  private var lastTime = EngineTime.zero
  private(set) var lastSeq: UInt64 = 0
  private(set) var lastDrift: UInt64 = 0
  private(set) var alarmCount = 0
  private(set) var quarantineCount = 0
  /// Digest of everything seen: what two runs of a seed must share.
  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var inputCount = 0
  /// The newest records in words, when asked for.
  var trace: Trace?

  init(verdict: WorldVerdict, probes: Probes) {
    self.verdict = verdict
    self.probes = probes
  }

  func see(_ record: JournalRecord) {
    let header = record.header
    guard header.lsn > lastLsn else {
      if header.lsn == lastLsn && header.chain != lastChain {
        verdict.fail("INV-11", "record \(header.lsn) was durable and is another one now")
      }
      return
    }
    verdict.expect(header.lsn == lastLsn + 1, "INV-11", "record \(header.lsn) follows \(lastLsn)")
    verdict.expect(header.time >= lastTime, "INV-12", "record \(header.lsn) is older than the one before")
    lastLsn = header.lsn
    lastChain = header.chain
    lastTime = header.time
    if header.seq != 0 {
      verdict.expect(header.seq == lastSeq + 1, "INV-11", "event \(header.seq) follows \(lastSeq)")
      lastSeq = header.seq
    }
    digest = (digest ^ UInt64(header.chain) ^ header.lsn << 32) &* 0x0000_0100_0000_01B3
    guard let type = header.type else { return }
    if type.isInput { inputCount += 1 }
    trace?.note(record)
    switch type {
    case .order: seeOrder(unsafe record.body.loadUnaligned(as: OrderImage.self), header.lsn)
    case .fill: seeFill(unsafe record.body.loadUnaligned(as: FillImage.self), header.lsn)
    case .notice: seeNotice(unsafe record.body.loadUnaligned(as: NoticeImage.self), header.lsn)
    case .triggerFire: probes.hit(.triggerEmulated)
    case .venueEvent:
      let event = unsafe record.body.loadUnaligned(as: VenueEvent.self)
      if event.kind == .triggered { probes.hit(.triggerFired) }
      if event.kind == .marginCall { probes.hit(.marginCalled) }
      if event.kind == .funding { probes.hit(event.positionSideRaw == 0 ? .fundingPaid : .fundingPaidToHedged) }
    case .start: seeStart(unsafe record.body.loadUnaligned(as: StartInput.self))
    default: break
    }
  }

  private func seeStart(_ input: StartInput) {
    if let last = epochs.last {
      verdict.expect(input.epoch > last, "INV-14", "epoch \(input.epoch) follows \(last)")
    }
    epochs.append(input.epoch)
  }

  // MARK: Orders

  private func seeOrder(_ image: OrderImage, _ lsn: UInt64) {
    let number = image.orderNumber
    verdict.expect(
      image.filled >= 0 && image.filled <= image.quantity, "INV-03",
      "order \(image.id) has \(image.filled) of \(image.quantity) filled")
    if let before = orders[number] {
      verdict.expect(
        before.image.id == image.id, "INV-07", "order number \(number) is \(before.image.id) and \(image.id)")
      verdict.expect(
        image.filled >= before.image.filled, "INV-03",
        "order \(image.id) had \(before.image.filled) filled and has \(image.filled)")
      checkMove(before.image, image)
      if image.replacements > before.image.replacements, image.filled > 0 { probes.hit(.replacedPartlyFilled) }
      let isAmended = before.image.quantity != image.quantity || before.image.price != image.price
      if isAmended, before.image.statusRaw == OrderStatus.pendingAmend.rawValue,
        before.image.replacements == image.replacements
      {
        probes.hit(.amendedInPlace)
      }
    } else {
      orderNumbers.append(number)
      if let other = numbers[image.id], orders[other] != nil {
        verdict.fail("INV-07", "id \(image.id) is used by orders \(other) and \(number)")
      }
      numbers[image.id] = number
    }
    orders[number] = SeenOrder(image: image, lastLsn: lsn)
    probe(image)
  }

  private func checkMove(_ before: OrderImage, _ after: OrderImage) {
    guard let from = OrderStatus(rawValue: before.statusRaw), let to = OrderStatus(rawValue: after.statusRaw) else {
      return verdict.fail("INV-08", "order \(after.id) has the status \(after.statusRaw)")
    }
    guard from.isDone else { return }
    // An end is final; only a fill that travelled longer may still complete it.
    let isCorrection = to == .filled && after.filled == after.quantity
    let isUnplacedAfterAll = from == .rejected && to == .cancelled && after.filled > 0
    verdict.expect(
      from == to || isCorrection || isUnplacedAfterAll, "INV-08", "order \(after.id) went from \(from) to \(to)")
  }

  private func probe(_ image: OrderImage) {
    switch Reason(rawValue: image.reasonRaw) {
    case .notPlaced: probes.hit(.notPlaced)
    case .notSent: probes.hit(.notSent)
    case .cancelledByLink: probes.hit(.linkCancelled)
    case .cancelledByKill: probes.hit(.killCancelled)
    default: break
    }
    if image.statusRaw == OrderStatus.unknown.rawValue { probes.hit(.orderUnknown) }
    if image.replacements > 0 { probes.hit(.replaced) }
    if image.linkRaw == OrderLink.child.rawValue { probes.hit(.sliceSent) }
    let isConditional = OrderKind(rawValue: image.kindRaw)?.isConditional ?? false
    if isConditional, image.linkRaw != OrderLink.child.rawValue, image.id.description.hasSuffix("/c1") {
      probes.hit(.exitsSent)
    }
  }

  // MARK: Fills

  private func seeFill(_ image: FillImage, _ lsn: UInt64) {
    let key = FillKey(
      account: image.account.number, instrument: image.instrument.number, side: image.sideRaw, isBust: image.isBust,
      trade: image.trade)
    verdict.expect(
      fills.insert(key).inserted, "INV-19",
      "trade \(image.trade.low) of account \(image.account.number) was applied twice (record \(lsn))")
    let place = PositionKey(
      account: image.account.number, instrument: image.instrument.number, side: image.positionSideRaw)
    var position = positions[place] ?? SeenPosition()
    let sign: Int128 = image.sideRaw == Side.buy.rawValue ? 1 : -1
    let before = position.quantity
    position.quantity += sign * quantityUnits(image)
    position.cash -= sign * image.notional.units
    position.fees += image.fee.units
    position.fillCount += 1
    // Both sides of one trade may be the account's own: then either may come first.
    let isOtherSide = image.trade.low == position.lastTrade && image.isBust == 0
    if image.trade.low < position.lastTrade || isOtherSide { shuffledAccounts.insert(image.account.number) }
    position.lastTrade = max(position.lastTrade, image.trade.low)
    positions[place] = position
    if image.isForced != 0 { probes.hit(place.side == 0 ? .liquidated : .hedgedLiquidated) }
    if place.side != 0 { probe(hedged: place) }
    if before.signum() * position.quantity.signum() < 0 { probes.hit(.positionFlipped) }
    verdict.expect(
      image.positionAfter.units == position.quantity, "INV-02",
      "fills make \(position.quantity) of account \(image.account.number) in \(image.instrument.number), the event says "
        + "\(image.positionAfter.units)")
  }

  private func probe(hedged place: PositionKey) {
    let isLong = place.side == PositionSide.long.rawValue
    probes.hit(isLong ? .hedgedLong : .hedgedShort)
    let other = PositionKey(
      account: place.account, instrument: place.instrument,
      side: (isLong ? PositionSide.short : .long).rawValue)
    let held = positions[place]?.quantity ?? 0
    if held == 0 { probes.hit(.hedgedClosed) }
    if held != 0, positions[other]?.quantity ?? 0 != 0 { probes.hit(.hedgedBoth) }
  }

  /// Of each instrument, 10^(18 - scale): set by the world.
  var quantityUnit: [Int128] = []

  private func quantityUnits(_ image: FillImage) -> Int128 {
    Int128(image.quantity) * quantityUnit[image.instrument.index]
  }

  private func seeNotice(_ image: NoticeImage, _ lsn: UInt64) {
    switch NoticeKind(rawValue: image.kindRaw) {
    case .alarm:
      alarmCount += 1
      verdict.fail(
        "INV-24", "alarm at record \(lsn): order \(image.text), account \(image.account.number), \(image.a) \(image.b)")
    case .eventQuarantined:
      quarantineCount += 1
      verdict.fail(
        "INV-08", "quarantine at record \(lsn): order \(image.text) from \(image.a) to \(image.b)")
    case .drift:
      if !shuffledAccounts.contains(image.account.number) { lastDrift = lsn }
      probes.hit(.driftSeen)
    case .orderAdopted: probes.hit(.orderAdopted)
    default: break
    }
  }
}

/// What a world has found wrong. The first failure is the one that counts; later ones may follow from it.
final class WorldVerdict {
  struct Failure {
    var check: String
    var text: String
    var step: UInt64
    var time: Int64
  }

  private(set) var failures: [Failure] = []
  var step: UInt64 = 0
  var time: Int64 = 0

  func fail(_ check: String, _ text: String) {
    guard failures.count < 16 else { return }
    failures.append(Failure(check: check, text: text, step: step, time: time))
  }

  func expect(_ condition: Bool, _ check: String, _ text: @autoclosure () -> String) {
    if !condition { fail(check, text()) }
  }
}

/// The newest lines of a world's story.
final class Trace {
  private var lines: [String] = []
  private let capacity: Int

  init(capacity: Int = 1 << 20) { self.capacity = capacity }

  func add(_ line: @autoclosure () -> String) {
    if lines.count >= capacity * 2 { lines.removeFirst(capacity) }
    lines.append(line())
  }

  var newest: ArraySlice<String> { lines.suffix(capacity) }
}
