// What goes wrong, and how it is put right again.

extension World {
  /// Something happens to the world as a whole.
  func strike() {
    guard phase == .chaos else {
      nextChaos = .max
      return
    }
    nextChaos = now + 20_000_000 + Int64(chaos.below(80_000_000))
    let plan = settings.faults
    if plan.strikes(.disconnect, 8, 60, in: 1_000, &chaos) {
      link.disconnect(now: now, for: 1_000_000 + Int64(chaos.below(1_500_000_000)))
    }
    if plan.strikes(.exchangeRestart, 4, 20, in: 1_000, &chaos) {
      probes.hit(.exchangeRestarted)
      link.run(to: now)
      verdict.expect(link.restartExchange(now: now), "AUD-01", "the exchange came back from its record as another one")
    }
    if plan.strikes(.wildMarket, 20, 100, in: 1_000, &chaos) { moveMarket() }
    if plan.strikes(.partialFill, 30, 100, in: 1_000, &chaos) { setPartial() }
    if plan.strikes(.clockStep, 15, 80, in: 1_000, &chaos) { stepClock() }
    if plan.strikes(.diskFull, 10, 40, in: 1_000, &chaos) { failDisk(28, [.allocate, .write]) }
    if plan.strikes(.diskError, 10, 40, in: 1_000, &chaos) { failDisk(5, [.write, .synchronize, .open, .rename]) }
    if plan.strikes(.snapshot, 40, 200, in: 1_000, &shadow) { takeSnapshot() }
    if plan.strikes(.retention, 20, 60, in: 1_000, &shadow) { takeSnapshot(keepsHouse: true) }
    if plan.strikes(.thinMargin, 40, 120, in: 1_000, &keeper) { runAway() }
    if plan.strikes(.gateFile, 4, 20, in: 1_000, &guardian) { harmGate() }
    if plan.strikes(.kill, 12, 40, in: 1_000, &chaos) { kill(power: false, downFor: downTime()) }
    if plan.strikes(.powerCut, 12, 40, in: 1_000, &chaos) { kill(power: true, downFor: downTime()) }
  }

  static let notDurable = EngineFailure(16, "engine.stopping", "the records are not on the disk yet")

  /// As the shadow does: what is durable, by a core of its own, in a file.
  func takeSnapshot(keepsHouse: Bool = false) {
    guard let run, corpse == nil else { return }
    let store = engineSettings.store(disk)
    let failures = disk.failureCount
    do throws(EngineFailure) {
      let replica = try SnapshotLoad.replica(
        store, disk, engineSettings.options, run.ring, capacity: engineSettings.capacity, to: run.ring.durableLsn
      ) { () throws(EngineFailure) in throw World.notDurable }
      let end = replica.end
      let core = replica.takeCore()
      do throws(SnapshotError) {
        try store.removeLeftovers()
        _ = try SnapshotLoad.write(core, end, created: utc, note: nil, to: store, Self.identity)
        probes.hit(.snapshotTaken)
        trace?.add("\(now) -- snapshot behind record \(end.lsn)")
        if keepsHouse { keepHouse(run, store, oldestOpenLsn: Shadow.oldestOpenLsn(core)) }
      } catch {
        probes.hit(.snapshotFailed)
        if disk.failureCount == failures { verdict.fail("AUD-01", "no snapshot: \(error)") }
      }
    } catch {
      // The rest of a group that is not durable yet cannot be waited for here.
      if error.code != "engine.stopping", disk.failureCount == failures { verdict.fail("AUD-01", error.message) }
    }
    if corpse != nil { die() }
  }

  private func downTime() -> Int64 { Int64(crash.below(4) == 0 ? crash.below(3_000_000_000) : crash.below(50_000_000)) }

  private func moveMarket() {
    var control = ExchangeControl(.setPrice)
    control.instrument = UInt16(1 + chaos.below(2))
    let mark = link.tops[Int(control.instrument)].mark
    let bound = UInt64(max(mark / 100, 1))
    control.price = max(1, mark + Int64(chaos.below(bound * 2)) - Int64(bound))
    link.apply(control, at: now)
  }

  /// The market leaves where it was, by as much as takes the margin of somebody.
  private func runAway() {
    var control = ExchangeControl(.setPrice)
    control.instrument = 2
    let mark = link.tops[2].mark
    let bound = UInt64(max(mark / 12, 1))
    control.price = max(1, mark + Int64(keeper.below(bound * 2)) - Int64(bound))
    link.apply(control, at: now)
  }

  private func setPartial() {
    var control = ExchangeControl(.setPartial)
    control.detail = UInt8(1 + chaos.below(100))
    link.apply(control, at: now)
  }

  private func stepClock() {
    probes.hit(.clockStepped)
    let step = Int64(chaos.below(4_000_000_000)) - 2_000_000_000
    wallOffset += step
    guard step.magnitude > 1_000_000_000 else { return }
    var input = ClockOffsetInput()
    input.utcOffset = wallOffset
    input.isAlarm = step < -1_500_000_000 ? 1 : 0
    send(.clockOffset, input)
  }

  private func failDisk(_ errno: Int32, _ calls: [WorldDisk.Call]) {
    probes.hit(.diskFailed)
    let call = calls[Int(chaos.below(UInt64(calls.count)))]
    let count = settings.faults[.diskError] == .extreme && chaos.chance(1, in: 4) ? Int.max : 1 + Int(chaos.below(3))
    disk.inject(WorldDisk.Failure(call: call, errno: errno, skip: Int(chaos.below(20)), count: count))
  }

  /// Faults end; people look at what happened and open everything again.
  func heal() {
    phase = .heal
    healedAt = now
    nextChaos = .max
    link.heal(now)
    link.trap = nil
    // A slow disk is slow no longer.
    if writerDue != .max { writerDue = min(writerDue, now + 100_000) }
    disk.trap = nil
    disk.heal()
    trace?.add("\(now) -- heal")
    var control = ExchangeControl(.setPartial)
    control.detail = 100
    link.apply(control, at: now)
    pass(until: now + 1_000_000)
    while run == nil || run?.ring.state == .dead, verdict.failures.isEmpty {
      if run == nil { restartAt = min(restartAt, now) }
      pass(until: now + 100_000_000)
    }
    nextMend = .max
    mendGate()
    resumeAll()
    send(.clockOffset, ClockOffsetInput())
    healedAt = now
  }

  func resumeAll() {
    for number in 1...settings.accountCount { resume(Scope(account: AccountID(number: UInt16(number)))) }
    for number in 1...2 { resume(Scope(instrument: InstrumentID(number: UInt16(number)))) }
    resume(Scope(venue: VenueLink.venue))
    resume(Scope())
  }

  private func resume(_ scope: Scope) { setTrading(scope, .on) }

  /// No order waits for the venue's word: slices that are asked for before they go out follow one another slowly. Exits
  /// that are asked for count as open all the while.
  private func isDecided(_ run: EngineRun) -> Bool { undecided(run) == nil }

  private func undecided(_ run: EngineRun) -> Int? {
    (0..<Int(run.agent.machine.state.global.orderHighWater)).first { slot in
      let row = run.agent.machine.state.orders[slot]
      return switch row.status {
      case .new, .sent, .unknown, .pendingAmend: row.image.orderNumber != 0
      case .open: row.isHeld == 0 && row.asksFirst != 0
      case .pendingCancel, .partial, .filled, .cancelled, .rejected, .expired: false
      }
    }
  }

  /// Waits for a moment in which nothing is on its way. Where the venue takes few orders a crowd needs its time, as long
  /// as it moves.
  func settle() {
    var (frames, movedAt) = (link.frames.count, now)
    let patience: Int64 = settings.ordersPerTenSeconds > 0 ? 22_000_000_000 : 10_000_000_000
    while verdict.failures.isEmpty, now < movedAt + patience {
      if let run, link.isIdle, run.ring.appendedLsn == run.ring.durableLsn, run.agent.nextDue > engineTime,
        isDecided(run)
      {
        return
      }
      pass(until: now + 1_000_000)
      if settings.ordersPerTenSeconds > 0, link.frames.count != frames {
        (frames, movedAt) = (link.frames.count, now)
      }
    }
    guard verdict.failures.isEmpty else { return }
    guard let run else { return verdict.fail("INV-17", "the world does not come to rest: no engine runs") }
    let waits = undecided(run).map { slot in
      let row = run.agent.machine.state.orders[slot]
      return "order \(row.image.id) is \(row.status): \(outstanding(row))"
    }
    verdict.fail(
      "INV-17",
      "the world does not come to rest: \(link.isIdle ? "nothing" : "something") is on its way, records "
        + "\(run.ring.durableLsn) of \(run.ring.appendedLsn) are durable, the core is due at "
        + "\(run.agent.machine.nextDue), the door at \(run.agent.door.nextDue), all at \(run.agent.nextDue), "
        + "the journal is \(run.ring.state), alarms \(run.ring.alarms); \(waits ?? "all orders are decided")")
  }
}
