// The rules, checked from outside: against the exchange's own ledger, the durable record, and what callers were told.

extension World {
  /// What must hold at every moment.
  func check() {
    readVenueFills()
    verdict.expect(link.exchange.isSound(), "ORACLE", "the exchange's own ledger does not add up")
    for id in link.placedTwice { verdict.fail("INV-07", "the exchange has taken two orders under wire id \(id)") }
    guard let run, corpse == nil else { return }
    checkLedger(run)
    checkExposure(run)
    checkChildren(run)
    if phase >= .heal { checkLiveness(run) }
  }

  /// INV-01, from the rows themselves.
  private func checkLedger(_ run: EngineRun) {
    for row in 1..<(Int(run.agent.machine.state.global.balanceCount) + 1) {
      let balance = run.agent.machine.state.balances[row]
      let sum =
        balance.opening.units + balance.fills.units + balance.fees.units + balance.funding.units
        + balance.realised.units
        + balance.transfers.units + balance.external.units
      verdict.expect(sum == balance.total.units, "INV-01", "balance \(row) is not the sum of its entries")
    }
  }

  /// INV-05: whatever happens next at the venue was reserved here.
  private func checkExposure(_ run: EngineRun) {
    for account in 1...settings.accountCount {
      guard run.agent.machine.state.accounts[account].isOpen != 0 else { continue }
      for rules in settings.instruments {
        for side in settings.positionSides(account, rules) { checkExposure(run, account, rules, side) }
      }
    }
  }

  private func checkExposure(_ run: EngineRun, _ account: Int, _ rules: Instrument, _ side: PositionSide) {
    let key = Observer.PositionKey(account: UInt16(account), instrument: rules.id.number, side: side.rawValue)
    let open = link.openQuantities(account, rules.id.index, side)
    let held = venueFills[key] ?? 0
    // What the venue closed by force nobody could reserve.
    let forced = forcedUnheard(key)
    let row = run.agent.machine.state.findPosition(AccountID(number: UInt16(account)), rules.id, side)
    let position = row.map { run.agent.machine.state.positions[$0] } ?? PositionRow()
    let ours = Int64(position.book.quantity.units / World.unit(18 - Int(rules.quantityScale)))
    verdict.expect(
      held - forced.buys + open.buys <= ours + position.openBuy, "INV-05",
      "account \(account) may come to hold \(held + open.buys) of \(rules.name) (\(side)), \(ours + position.openBuy) "
        + "is reserved" + differences(run, account, rules.id, side, .buy))
    verdict.expect(
      held + forced.sells - open.sells >= ours - position.openSell, "INV-05",
      "account \(account) may come down to \(held - open.sells) of \(rules.name) (\(side)), "
        + "\(ours - position.openSell) is reserved" + differences(run, account, rules.id, side, .sell))
  }

  /// Fills of liquidations that are not durable here yet.
  private func forcedUnheard(_ key: Observer.PositionKey) -> (buys: Int64, sells: Int64) {
    forcedFills.removeAll { observer.fills.contains($0.key) }
    var (buys, sells): (Int64, Int64) = (0, 0)
    for fill in forcedFills where fill.place == key {
      if fill.key.side == Side.buy.rawValue { buys += fill.quantity } else { sells += fill.quantity }
    }
    return (buys, sells)
  }

  /// INV-04: what slices have filled and may still fill is never more than their parent.
  private func checkChildren(_ run: EngineRun) {
    var open: [UInt64: Int64] = [:]
    for slot in 0..<Int(run.agent.machine.state.global.orderHighWater) {
      let row = run.agent.machine.state.orders[slot]
      guard row.parent != 0, row.isOpen else { continue }
      open[row.parent, default: 0] += max(row.remaining, row.pendingQuantity - row.image.filled)
    }
    for (parent, quantity) in open.sorted(by: { $0.key < $1.key }) {
      guard let slot = run.agent.machine.state.slot(of: parent) else { continue }
      let image = run.agent.machine.state.orders[slot].image
      verdict.expect(
        image.filled + quantity <= image.quantity, "INV-04",
        "order \(image.id) of \(image.quantity) has \(image.filled) filled and slices with \(quantity) more")
    }
  }

  /// Which orders at the venue have more left than is counted for them here.
  private func differences(
    _ run: EngineRun, _ account: Int, _ instrument: InstrumentID, _ position: PositionSide, _ side: Side
  ) -> String {
    let key = Observer.PositionKey(account: UInt16(account), instrument: instrument.number, side: position.rawValue)
    let held = venueFills[key] ?? 0
    let row = run.agent.machine.state.findPosition(AccountID(number: UInt16(account)), instrument, position)
    let ours = row.map { run.agent.machine.state.positions[$0].book.quantity.units } ?? 0
    var text = "; \(held) held there, \(ours) here"
    link.forEachOpenOrder(account) { theirs in
      guard theirs.instrument == instrument.number, theirs.side == side, theirs.positionSideRaw == position.rawValue
      else { return }
      var ours: OrderRow?
      for slot in 0..<Int(run.agent.machine.state.global.orderHighWater)
      where run.agent.machine.state.orders[slot].image.orderNumber != 0
        && run.agent.machine.wireText(slot) == theirs.wireID
      {
        ours = run.agent.machine.state.orders[slot]
      }
      let counted = ours?.countedQuantity ?? 0
      guard counted < theirs.remaining else { return }
      let name = ours.map { "\($0.image.id) (\($0.status))" } ?? "\(theirs.wireID) (unknown here)"
      text += "; \(name) has \(theirs.remaining) left there, \(counted) counted"
    }
    return text
  }

  private func checkLiveness(_ run: EngineRun) {
    let patience: Int64 = 6_000_000_000
    guard now > healedAt + patience else { return }
    for slot in 0..<Int(run.agent.machine.state.global.orderHighWater) {
      let row = run.agent.machine.state.orders[slot]
      guard row.isOpen, row.isHeld == 0 else { continue }
      // A crowd that was asked for before it may go out waits for room in the budget, like what is held.
      if row.isProvenUnsent, settings.ordersPerTenSeconds > 0 { continue }
      // What began before the faults ended has its time from then on, what was kept here from when it left.
      let age = min(utc.nanoseconds - row.image.updated.nanoseconds, now - healedAt, now - row.sentAt.nanoseconds)
      switch row.status {
      case .pendingAmend where row.isReplacing != 0 && row.hasEvidence == 0 && row.pendingQuantity == 0:
        // Its replacement has left, and what became of that is unknown.
        verdict.expect(
          age < patience + 11_100_000_000, "LIVE-UNKNOWN",
          "order \(row.image.id) is \(row.status) for \(age) ns; \(outstanding(row))")
      case .pendingCancel, .pendingAmend, .new, .sent:
        verdict.expect(
          age < patience, "LIVE-CANCEL",
          "order \(row.image.id) is \(row.status) for \(age) ns; \(outstanding(row))")
      case .unknown:
        verdict.expect(
          age < patience + 11_100_000_000, "LIVE-UNKNOWN",
          "order \(row.image.id) is unknown for \(age) ns; \(outstanding(row))")
      default: break
      }
    }
  }

  /// What an order waits for.
  func outstanding(_ row: OrderRow) -> String {
    "due \(row.dueAt.nanoseconds), fence \(row.fence.nanoseconds), asked \(row.queryCount) times, counted from "
      + "\(row.questionsFrom), absent \(row.negativeReads) times, asks first \(row.asksFirst), cancel wanted "
      + "\(row.cancelRequested), pending \(row.pendingQuantity), replacing \(row.isReplacing), unconfirmed "
      + "\(row.image.isUnconfirmed), evidence \(row.hasEvidence)"
  }

  /// Fills at the exchange, each counted once.
  private func readVenueFills() {
    let fills = link.exchange.fillCount
    let capacity = UInt64(link.exchange.fills.count)
    if fills - venueFillCount > capacity {
      return verdict.fail("ORACLE", "fills were overwritten before they were read")
    }
    while venueFillCount < fills {
      let fill = link.exchange.fills[Int(venueFillCount % capacity)]
      venueFillCount += 1
      guard fill.account > VenueLink.houseAccounts else { continue }
      let account = fill.account - VenueLink.houseAccounts
      let sign: Int64 = fill.sideRaw == Side.buy.rawValue ? 1 : -1
      let place = Observer.PositionKey(
        account: account, instrument: fill.instrument, side: fill.positionSideRaw)
      checkReduction(fill, from: venueFills[place] ?? 0, by: sign * fill.quantity)
      venueFills[place, default: 0] += sign * fill.quantity
      let key = Observer.FillKey(
        account: account, instrument: fill.instrument, side: fill.sideRaw, isBust: 0, trade: VenueReference(fill.trade))
      venueFillKeys.append(key)
      if fill.isForced != 0 { forcedFills.append((place, key, fill.quantity)) }
      if fill.other > VenueLink.houseAccounts, fill.isForced == 0 { noteSelfTrade(fill) }
    }
  }

  /// INV-20: what only reduces never opens, nor crosses zero.
  private func checkReduction(_ fill: ExchangeFill, from before: Int64, by change: Int64) {
    guard OrderFlags(rawValue: fill.flagsRaw).contains(.reduceOnly) else { return }
    let after = before + change
    verdict.expect(
      after.magnitude <= before.magnitude && after.signum() * before.signum() >= 0, "INV-20",
      "reduce-only order \(fill.wireID) moved a position from \(before) to \(after)")
  }

  /// INV-20: buys and sells of our own accounts never meet, unless a trigger at the venue made them.
  private func noteSelfTrade(_ fill: ExchangeFill) {
    guard OrderKind(rawValue: fill.kindRaw)?.isConditional == false else { return ownTrades.append(fill.trade) }
    // A trigger that the core keeps goes out as a plain order; where its record is lost nobody can tell.
    guard let run, let slot = run.agent.machine.slot(of: fill.wireID),
      !run.agent.machine.state.orders[slot].kind.isConditional, run.agent.machine.state.orders[slot].adopted == 0
    else { return ownTrades.append(fill.trade) }
    if ownTrade == fill.trade, !ownTrades.contains(fill.trade) {
      verdict.fail(
        "INV-20", "own accounts traded with each other: trade \(fill.trade), orders \(ownOrder) and \(fill.wireID)")
    }
    ownTrade = fill.trade
    ownOrder = fill.wireID
  }

  /// AUD-04: what callers were told is in the journal.
  func checkAcknowledged(_ run: EngineRun) {
    for (index, order) in client.orders.enumerated() where order.isAcknowledged {
      guard let seen = observer.orders[order.number] else {
        if settings.durability != .strict && client.powerLost {
          client.drop(index)
        } else {
          verdict.fail("AUD-04", "order \(order.input.id) was acknowledged and is not in the journal")
        }
        continue
      }
      if !order.input.id.isEmpty, seen.image.id != order.input.id {
        verdict.fail("AUD-04", "order \(order.input.id) was acknowledged as \(order.number), which is \(seen.image.id)")
      }
    }
  }

  // MARK: The end

  /// Everything must agree, to the last unit.
  func finish() {
    guard verdict.failures.isEmpty, let run else { return }
    check()
    verdict.expect(
      client.compared >= settings.accountCount, "INV-17",
      "\(client.compared) of \(settings.accountCount) comparisons have ended")
    verdict.expect(observer.lastDrift <= compareLsn, "AUD-02", "a comparison found drift after everything was healed")
    let unanswered = client.pending.keys.sorted()
    verdict.expect(
      unanswered.isEmpty, "INV-17",
      "\(unanswered.count) commands never got an answer, the first of them \(client.words(unanswered[0]))")
    compareOrders(run)
    compareFills()
    compareMoney(run)
    checkIntents()
    checkRoles(run)
    checkProfit(run)
    checkReplay(run)
  }

  private func compareOrders(_ run: EngineRun) {
    var open = 0
    for slot in 0..<Int(run.agent.machine.state.global.orderHighWater) {
      let row = run.agent.machine.state.orders[slot]
      guard row.isOpen, row.isHeld == 0 else { continue }
      open += 1
      let wire = run.agent.machine.wireText(slot)
      guard let theirs = link.openOrder(row.image.account.number, wire) else {
        verdict.fail("AUD-02", "order \(row.image.id) is \(row.status) here and not open at the venue")
        continue
      }
      verdict.expect(
        theirs.remaining == row.remaining, "AUD-02",
        "order \(row.image.id) has \(row.remaining) left here and \(theirs.remaining) at the venue")
      verdict.expect(
        row.image.isUnconfirmed == 0, "LIVE-UNKNOWN", "order \(row.image.id) was never confirmed after a restart")
      if row.kind.hasLimitPrice, theirs.kind.hasLimitPrice {
        verdict.expect(
          theirs.price == row.image.price, "AUD-02",
          "order \(row.image.id) stands at \(row.image.price) here and \(theirs.price) at the venue")
      }
    }
    let theirs = (1...settings.accountCount).reduce(0) { $0 + link.openCount($1) }
    verdict.expect(open == theirs, "AUD-02", "\(open) orders are open here and \(theirs) at the venue")
  }

  private func compareFills() {
    verdict.expect(
      venueFillKeys.count == observer.fills.count, "AUD-02",
      "\(observer.fills.count) fills here, \(venueFillKeys.count) at the venue")
    for key in venueFillKeys where !observer.fills.contains(key) {
      verdict.fail("AUD-02", "trade \(key.trade.low) of account \(key.account) is missing here")
    }
  }

  private func compareMoney(_ run: EngineRun) {
    for account in 1...settings.accountCount {
      let id = AccountID(number: UInt16(account))
      let isShuffled = observer.shuffledAccounts.contains(id.number)
      var invested = Int128(0)
      for rules in settings.instruments where rules.instrumentClass != .spot {
        for side in settings.positionSides(account, rules) {
          let theirs = link.holding(account, rules.id.index, side)
          let row = run.agent.machine.state.findPosition(id, rules.id, side)
          let book = row.map { run.agent.machine.state.positions[$0].book } ?? PositionBook()
          let quantity = Int128(theirs.quantity) * World.unit(18 - Int(rules.quantityScale))
          verdict.expect(
            book.quantity.units == quantity && (isShuffled || book.cost.units == theirs.cost), "AUD-02",
            "account \(account) holds \(book.quantity.units) (\(side)) at \(book.cost.units) here, \(quantity) at "
              + "\(theirs.cost) there")
          if isShuffled { invested += book.cost.units - theirs.cost }
        }
      }
      for wallet in Wallet.allCases {
        for asset in 1...settings.assetNames.count {
          let theirs = link.balance(account, wallet, asset)
          let row = run.agent.machine.state.findBalance(id, AssetID(number: UInt16(asset)), wallet)
          let ours = row.map { run.agent.machine.state.balances[$0].total.units } ?? 0
          var difference = Int128(0)
          if wallet == .futures && asset == 1 {
            let taken = excess(account, row, run)
            verdict.expect(
              taken == 0 || isShuffled, "AUD-02",
              "account \(account) has booked \(taken) more besides its fills than the venue has moved")
            difference = invested + taken
          }
          verdict.expect(
            ours - difference == theirs.total, "AUD-02",
            "account \(account) has \(ours) of asset \(asset) (\(wallet)) here and \(theirs.total) at the venue")
        }
      }
    }
  }

  /// What was booked as funding, or taken over by hand, beyond what the venue moved without a fill: where fills came out
  /// of order, a takeover evens out what realised and cost stand apart by.
  private func excess(_ account: Int, _ row: Int?, _ run: EngineRun) -> Int128 {
    let balance = row.map { run.agent.machine.state.balances[$0] } ?? BalanceRow()
    return balance.funding.units + balance.external.units - (link.outside[account] ?? .zero).units
  }

  /// AUD-03 and INV-18: every order at the venue was meant, and none that was given up for lost is there.
  private func checkIntents() {
    var meant: Set<Text32> = []
    for number in observer.orderNumbers {
      guard let image = observer.orders[number]?.image else { continue }
      if image.ownerRaw == OrderOwner.oms.rawValue, image.id.high.isEmpty, WireID(image.id.low) != nil {
        meant.insert(image.id.low)
      }
      for replacement in 0...image.replacements {
        meant.insert(WireID.make(tag: Self.identity.tag, id: image.id, replacement: replacement))
      }
      let wire = WireID.make(tag: Self.identity.tag, id: image.id)
      let isGone = image.reasonRaw == Reason.notPlaced.rawValue || image.reasonRaw == Reason.notSent.rawValue
      if isGone, image.replacements == 0, image.statusRaw == OrderStatus.rejected.rawValue, link.placed.contains(wire) {
        verdict.fail("INV-18", "order \(image.id) counts as never placed, and was")
      }
    }
    var strays = link.placed.filter { !meant.contains($0) }
    // A power cut may take the intents of frames that did not wait for the disk: in `strict` those that reduce risk.
    // Such an order was adopted, or has ended before anybody looked.
    if settings.faults[.powerCut] != .off { strays = strays.filter { !link.loose.contains($0) } }
    if strays.isEmpty { return }
    let words = strays.map(\.description).sorted()
    verdict.fail("AUD-03", "\(strays.count) orders at the venue have no intent here: \(words[0])")
  }

  /// AUD-09: what was made is what the equity moved by, by the fills alone.
  private func checkProfit(_ run: EngineRun) {
    for rules in settings.instruments where rules.instrumentClass != .spot {
      for (account, side) in (1...settings.accountCount).flatMap({ account in
        settings.positionSides(account, rules).map { (account, $0) }
      }) {
        let key = Observer.PositionKey(account: UInt16(account), instrument: rules.id.number, side: side.rawValue)
        guard let seen = observer.positions[key],
          let row = run.agent.machine.state.findPosition(AccountID(number: key.account), rules.id, side)
        else { continue }
        let position = run.agent.machine.state.positions[row]
        // realised - cost of what is held == cash flow
        verdict.expect(
          position.book.realised.units - position.book.cost.units == seen.cash, "AUD-09",
          "account \(account) realised \(position.book.realised.units) with \(position.book.cost.units) still invested, "
            + "its fills moved \(seen.cash)")
        verdict.expect(
          position.fees.units == seen.fees, "AUD-09",
          "account \(account) paid \(position.fees.units), its fills \(seen.fees)")
      }
    }
  }

  /// AUD-01: the journal alone makes the same state again, and so do a snapshot and what follows it.
  private func checkReplay(_ run: EngineRun) {
    let store = engineSettings.store(disk)
    let names = (try? store.names()) ?? []
    let oldest = (try? SegmentSet.names(disk, in: engineSettings.options.directory))?.first?.firstLsn
    if oldest == 1 {
      compareReplica(run, nil, "replay from zero")
    } else if let oldest = names.first {
      compareReplica(run, oldest, "the oldest snapshot and what follows it")
    } else {
      verdict.fail("AUD-01", "segments are gone, and there is no snapshot")
    }
    if let newest = names.last { compareReplica(run, newest, "the newest snapshot and what follows it") }
  }

  private func compareReplica(_ run: EngineRun, _ snapshot: String?, _ way: String) {
    let live = run.agent.machine.stateDigest
    let store = engineSettings.store(disk)
    do throws(EngineFailure) {
      var loaded = LoadedCore(core: Core(capacity: engineSettings.capacity), end: JournalEnd())
      if let snapshot {
        do throws(SnapshotError) {
          loaded = try SnapshotLoad.load(store.load(snapshot), store.path(snapshot), engineSettings.capacity)
        } catch {
          return verdict.fail("AUD-01", "\(way): \(error)")
        }
      }
      let replica = try SnapshotLoad.replica(
        of: loaded, disk, engineSettings.options, run.ring, to: run.ring.durableLsn
      ) { () throws(EngineFailure) in throw World.notDurable }
      let core = replica.takeCore()
      let again = core.stateDigest
      verdict.expect(
        core.inputCount == run.agent.machine.inputCount, "AUD-01",
        "\(way) has \(core.inputCount) inputs, live \(run.agent.machine.inputCount)")
      verdict.expect(again.high == live.high && again.low == live.low, "AUD-01", "\(way) gives another digest")
      verdict.expect(Self.rows(core) == Self.rows(run.agent.machine), "AUD-01", "\(way) gives other rows")
    } catch {
      verdict.fail("AUD-01", "\(way): \(error.message)")
    }
  }

  /// All rows of a core, as bytes.
  static func rows(_ core: borrowing Core) -> [UInt8] {
    var bytes: [UInt8] = []
    let capacity = core.state.capacity
    unsafe bytes.append(contentsOf: core.state.globals.bytes(count: 1))
    unsafe bytes.append(contentsOf: core.state.assets.bytes(count: capacity.assets))
    unsafe bytes.append(contentsOf: core.state.venues.bytes(count: capacity.venues))
    unsafe bytes.append(contentsOf: core.state.instruments.bytes(count: capacity.instruments))
    unsafe bytes.append(contentsOf: core.state.accounts.bytes(count: capacity.accounts))
    unsafe bytes.append(contentsOf: core.state.strategies.bytes(count: capacity.strategies))
    unsafe bytes.append(contentsOf: core.state.orders.bytes(count: Int(core.state.global.orderHighWater)))
    unsafe bytes.append(contentsOf: core.state.positions.bytes(count: capacity.positions))
    unsafe bytes.append(contentsOf: core.state.balances.bytes(count: capacity.balances))
    unsafe bytes.append(contentsOf: core.state.virtuals.bytes(count: Int(core.state.global.virtualCount) + 1))
    unsafe bytes.append(contentsOf: core.state.bulks.bytes(count: CoreState.bulkCount))
    return bytes
  }
}

// MARK: The exchange's own books

extension VenueLink {
  func openQuantities(_ account: Int, _ instrument: Int, _ side: PositionSide) -> (buys: Int64, sells: Int64) {
    var (buys, sells): (Int64, Int64) = (0, 0)
    var slot = exchange.accounts[account + Int(Self.houseAccounts)].firstOrder
    while slot != 0 {
      let order = exchange.orders[Int(slot)]
      slot = order.next
      guard Int(order.instrument) == instrument, order.positionSideRaw == side.rawValue else { continue }
      if order.side == .buy { buys += order.remaining } else { sells += order.remaining }
    }
    return (buys, sells)
  }

  func forEachOpenOrder(_ account: Int, _ body: (ExchangeOrder) -> Void) {
    var slot = exchange.accounts[account + Int(Self.houseAccounts)].firstOrder
    while slot != 0 {
      body(exchange.orders[Int(slot)])
      slot = exchange.orders[Int(slot)].next
    }
  }

  func openOrder(_ account: UInt16, _ wire: Text32) -> ExchangeOrder? {
    let slot = exchange.index.find(account + Self.houseAccounts, wire, exchange.orders)
    guard slot != 0, exchange.orders[Int(slot)].isOpen else { return nil }
    return exchange.orders[Int(slot)]
  }

  func openCount(_ account: Int) -> Int { Int(exchange.accounts[account + Int(Self.houseAccounts)].openOrders) }

  func balance(_ account: Int, _ wallet: Wallet, _ asset: Int) -> ExchangeBalance {
    exchange.balances[exchange.balanceIndex(UInt16(account) + Self.houseAccounts, wallet, UInt16(asset))]
  }

  func holding(_ account: Int, _ instrument: Int, _ side: PositionSide) -> ExchangeHolding {
    exchange.holdings[
      exchange.holdingIndex(
        UInt16(account) + Self.houseAccounts, UInt16(instrument), lane: side == .short ? 1 : 0)]
  }
}
