// The gate file: what people write into it with and without an engine, what happens to it, and how it is mended.

extension World {
  private enum Harm: UInt64 { case removed, replaced, cut, flipped }

  private var gateFile: GateFile<WorldDisk> { GateFile(fileSystem: disk, path: Self.gatePath) }

  static func gateScope(_ scope: Scope, _ settings: WorldSettings) -> GateScope {
    if !scope.account.isNone { return GateScope(.account, "sim.a\(scope.account.number)") }
    if !scope.instrument.isNone {
      return GateScope(.symbol, settings.instruments[scope.instrument.index - 1].name.description)
    }
    return scope.venue.isNone ? .everything : GateScope(.venue, "sim")
  }

  static func gateTarget(_ scope: GateScope, _ settings: WorldSettings) -> GateTarget? {
    var target = GateTarget()
    switch scope.kind {
    case .everything: return target
    case .venue: target.venue = VenueLink.venue
    case .account: target.account = AccountID(number: UInt16(scope.name.dropFirst(5)) ?? 0)
    case .symbol: target.instrument = settings.instruments.first { $0.name.description == scope.name }?.id ?? .none
    case .strategy: return nil
    }
    return target
  }

  /// Writes the file. Where that fails half done, the looser of old and new may stand in it.
  func setGate(_ scope: Scope, _ state: TradingState) {
    let file = gateFile
    // What stands there, not what a failing disk says of it.
    let wasDamaged = disk.contents(Self.gatePath).map { GateImage.flaw(in: $0) != nil } ?? true
    let old = gate.states[scope] ?? .on
    var isDone = true
    do throws(GateError) {
      try file.set(Self.gateScope(scope, settings), state, reason: "world", user: 0, seconds: 0)
    } catch {
      isDone = false
    }
    if corpse != nil { isDone = false }
    // Written anew: what else it said is gone, and everything is shut instead. Half done it may stand there as written.
    if wasDamaged && (isDone || scope == Scope()) {
      gate.states = [:]
      // Whoever holds this file reads it again; one that holds another is yet to find that out.
      if !isGateOther || !isDone { gate.shutFrom = .max }
      if scope != Scope() { gate.set(Scope(), .halted, now: now, readingAge: readingAge) }
    }
    if isDone { isGateGone = false }
    gate.set(scope, isDone ? state : min(old, state), now: now, readingAge: readingAge)
    trace?.add(
      "\(now) -- gate file: \(Self.gateScope(scope, settings)) \(state)\(isDone ? "" : ", half done")"
        + (wasDamaged ? ", was damaged" : ""))
  }

  /// How old the reading may be that the engine goes by. One that holds a file which is no longer at the path has yet
  /// to find that out.
  private var readingAge: Int64 {
    let fresh = GateReader<WorldDisk>.freshNanoseconds
    return isGateOther && run != nil && gate.shutFrom != .max ? max(fresh, gate.shutFrom - now) : fresh
  }

  /// A scope trades again: the file is opened last, and counts again whatever has become of it.
  func openGate(_ scope: Scope) {
    setGate(scope, .on)
    guard let run else { return }
    run.agent.gate.file?.reader.accept(now: engineTime)
    // It holds the file at the path now, whatever is in it.
    isGateOther = false
    if run.agent.gate.file?.reader.trouble == GateTrouble.none { gate.shutFrom = .max }
  }

  /// Every 100 ms the file is read again, and the core follows it.
  func keepGate(_ run: EngineRun) {
    if now >= nextMend {
      nextMend = .max
      resumeAll()
    }
    run.agent.gate.file?.reader.refresh(now: engineTime)
    guard let reading = run.newGateReading() else { return }
    probes.hit(.gateSynced)
    GateSync.bring(&run.agent, to: reading, now: engineTime, utc: utc)
    run.agent.publish()
  }

  /// A file that does not read is mended first: what it says then is what counts.
  func mendGate() {
    guard settings.hasGateFile else { return gate.states = [:] }
    setGate(Scope(), .on)
  }

  /// Somebody stops trading by the file alone, or it comes to harm.
  func harmGate() {
    if nextMend == .max { nextMend = now + 50_000_000 + Int64(guardian.below(400_000_000)) }
    guard guardian.chance(1, in: 2) else { return harmGateFile() }
    probes.hit(run == nil ? .gateShutWithoutEngine : .gateShutByFile)
    let states: [TradingState] = [.paused, .halted, .killed]
    setGate(randomScope(&guardian), states[Int(guardian.below(3))])
  }

  private func harmGateFile() {
    guard let harm = Harm(rawValue: guardian.below(4)), let bytes = disk.contents(Self.gatePath), !bytes.isEmpty else {
      return
    }
    probes.hit(.gateHarmed)
    trace?.add("\(now) -- gate file: \(harm)")
    var changed = bytes
    switch harm {
    case .removed: disk.replace(Self.gatePath, with: nil)
    case .replaced: disk.replace(Self.gatePath, with: bytes)
    case .cut:
      changed.removeLast(1 + Int(guardian.below(UInt64(bytes.count - 1))))
      disk.overwrite(Self.gatePath, with: changed)
    case .flipped:
      // The head, or a slot that says something. It may have been cut before, inside of one too.
      let slots = stride(from: 0, to: bytes.count, by: GateImage.slotBytes).filter {
        $0 == 0 || ($0 + 12 < bytes.count && bytes[$0 + 12] != 0)
      }
      let at = min(slots[Int(guardian.below(UInt64(slots.count)))] + Int(guardian.below(16)), bytes.count - 1)
      changed[at] ^= 1 << UInt8(guardian.below(8))
      disk.overwrite(Self.gatePath, with: changed)
    }
    // An engine that looks only now finds a file like any other, or makes a new one.
    let isSeen = run != nil || harm == .cut || harm == .flipped
    if isSeen { gate.shutFrom = min(gate.shutFrom, now + 105_000_000) }
    isGateGone = harm == .removed
    isGateOther = harm == .replaced || harm == .removed
  }

  /// A start is about to make a file that is gone anew, shut if there is a record of earlier runs. One that was written
  /// anew half done is there.
  func noteGateBeforeStart() {
    guard isGateGone, disk.contents(Self.gatePath) == nil else { return }
    gate.states = observer.lastLsn > 0 ? [Scope(): .halted] : [:]
  }

  /// A new run reads the file that is there.
  func noteGateAtStart() {
    let contents = disk.contents(Self.gatePath)
    if isGateOther || contents.map({ GateImage.flaw(in: $0) == nil }) == true { gate.shutFrom = .max }
    isGateGone = false
    isGateOther = false
  }
}
