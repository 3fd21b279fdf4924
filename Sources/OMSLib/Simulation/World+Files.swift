// What an engine keeps on its disk beside the journal's newest segment: the index of used ids, and what may go.

extension World {
  // MARK: The index of ids

  /// As the control thread does before it asks the core. `false`: the index had the answer, or cannot be read.
  func lookUp(_ input: inout NewOrderInput) -> Bool {
    guard let run, let ids = run.ids, !input.id.isEmpty else { return true }
    switch ids.find(input.id) {
    case .absent(let lsn): input.absentLsn = lsn
    case .present(let row):
      let key = WireID.key(input.id)
      // What memory holds is newer than the index.
      guard run.agent.machine.state.slot(keyed: key.high, key.low) == nil else { return true }
      replay(input, row)
      return false
    case .failed(let error):
      verdict.fail("AUD-04", "the index of ids cannot be read: \(error)")
      client.forget(input.token)
      return false
    }
    return true
  }

  /// The caller hears of the order that had the id, as it ended; the record knows no other end of it.
  private func replay(_ input: NewOrderInput, _ row: IDRow) {
    probes.hit(.answeredFromIndex)
    guard case .order(let index)? = client.settle(input.token) else { return }
    let seen = observer.orders[row.image.orderNumber]?.image
    verdict.expect(
      seen?.id == row.image.id && seen?.statusRaw == row.image.statusRaw && seen?.filled == row.image.filled, "AUD-04",
      "the index has order \(row.image.id) with \(row.image.filled) filled in status \(row.image.statusRaw), the record "
        + "\(seen?.id.description ?? "none") with \(seen?.filled ?? 0) in \(seen?.statusRaw ?? 0)")
    guard row.image.id == input.id, row.image.fingerprint == Core.fingerprint(input) else {
      probes.hit(.idConflict)
      return client.refuse(index)
    }
    client.acknowledge(index, number: row.image.orderNumber)
  }

  /// What threads beside the hot one do now and then.
  func keepUp() {
    nextUpkeep = now + (phase <= .chaos ? 20_000_000 : 200_000_000)
    guard let run else { return }
    // The index may be slow: then ids stay in the table, until that is full.
    if settings.faults[.idIndex] != .extreme || phase > .chaos || keeper.chance(1, in: 20) { keepIDs(run) }
    guard self.run === run else { return }
    if settings.hasGateFile { keepGate(run) }
  }

  private func keepIDs(_ run: EngineRun) {
    guard let ids = run.ids else { return }
    let failures = disk.failureCount
    let before = ids.runs.count
    var isBusy = true
    while isBusy, let turn = run.follower?.turn(wrote: { probes.hit(.idsIndexed) }) {
      if corpse != nil { return die() }
      switch turn {
      case .busy, .wrote: break
      case .idle: isBusy = false
      case .ended(let trouble):
        if let trouble, disk.failureCount == failures { verdict.fail("AUD-04", trouble) }
        run.follow(engineSettings)
        isBusy = false
      }
    }
    if ids.runs.count < before { probes.hit(.idsMerged) }
    if run.agent.machine.state.global.forgottenLsn > 0 { probes.hit(.idsEvicted) }
    tellIndex(ids)
  }

  private func tellIndex(_ ids: IDIndex<WorldDisk>) {
    guard ids.completeLsn != toldIndexLsn else { return }
    var input = IDIndexInput()
    input.lsn = ids.completeLsn
    if send(.idIndex, input) { toldIndexLsn = input.lsn }
    run?.agent.publish()
  }

  // MARK: Retention

  /// As the shadow does behind the snapshot of the hour, with minutes for months.
  func keepHouse(_ run: EngineRun, _ store: SnapshotStore<WorldDisk>, oldestOpenLsn: UInt64) {
    let logged = SharedGauge()
    logged.set(Int64(clamping: run.ring.durableLsn))
    let indexed = run.ids?.completeLsn ?? 0
    let upkeep = Upkeep(
      journal: engineSettings.options, exchange: nil, journalRetention: .nanoseconds(300_000_000),
      snapshotRetention: .nanoseconds(900_000_000), loggedLsn: logged, indexedLsn: { indexed })
    let failures = disk.failureCount
    let before = segments
    let troubles = upkeep.run(disk, snapshots: store, images: nil, utc: utc, oldestOpenLsn: oldestOpenLsn)
    // Died in between: what happened here since is not on the disk that is left.
    guard corpse == nil else { return }
    if let trouble = troubles.first, disk.failureCount == failures { verdict.fail("AUD-01", trouble) }
    let after = segments
    if after.contains(where: { $0.isCompressed && !before.contains($0) }) { probes.hit(.segmentPacked) }
    if let first = after.first, let oldest = before.first, first.firstLsn > oldest.firstLsn {
      probes.hit(.segmentPruned)
    }
  }

  private var segments: [SegmentName] { (try? SegmentSet.names(disk, in: Self.journalDirectory)) ?? [] }
}
