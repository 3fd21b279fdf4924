// The rules about what leaves for the venue, checked at the last moment.

extension World {
  /// The last moment before a frame leaves.
  func inspect(_ request: VenueRequest) {
    guard request.kind == .newOrder || request.kind == .amendOrder else { return }
    let state = gate.state(account: request.account, instrument: request.instrument, venue: request.venue, now: now)
    let passes = state == .on || (state == .paused && request.opensRisk == 0)
    verdict.expect(passes, "INV-13", "frame \(request.wireID) left while the gate was \(state)")
    checkClosing(request)
    checkBudget(request)
    if request.opensRisk != 0 {
      verdict.expect(request.riskToken != 0, "INV-06", "frame \(request.wireID) carries no verdict")
      if settings.durability == .strict, let run {
        verdict.expect(
          request.intentLsn <= run.ring.durableLsn, "INV-10",
          "frame \(request.wireID) left before its intent was durable")
      }
    }
    if let run, request.intentLsn > run.ring.appendedLsn {
      verdict.fail("INV-10", "frame \(request.wireID) left before its intent was in the ring")
    }
    let id = request.kind == .newOrder ? request.wireID : request.newWireID
    if let run, request.intentLsn > run.ring.durableLsn, !id.isEmpty { link.loose.insert(id) }
    if !id.isEmpty, link.frames[id] != nil, !link.loose.contains(id) {
      verdict.fail("INV-07", "wire id \(id) is written twice")
    }
    verdict.expect(now <= request.signBy.nanoseconds, "INV-06", "frame \(request.wireID) left behind its time")
  }

  /// INV-21: in no ten seconds there leave more orders and amends of an account than its venue takes.
  ///
  /// Frames that wait for a slow disk leave in a crowd, and what a power cut took was not counted.
  private func checkBudget(_ request: VenueRequest) {
    let limit = settings.ordersPerTenSeconds
    guard limit > 0 else { return }
    var times = frameTimes[request.account, default: []]
    times.removeAll { $0 <= now - 10_000_000_000 }
    times.append(now)
    frameTimes[request.account] = times
    let isOnTime =
      settings.faults[.diskError] == .off && settings.faults[.diskFull] == .off
      && (settings.durability != .strict || settings.faults[.slowSync] == .off)
    verdict.expect(
      !isOnTime || times.count <= limit, "INV-21",
      "frame \(request.wireID) is number \(times.count) of account \(request.account.number) in ten seconds, of \(limit)"
    )
  }

  /// INV-20: an order against a position of a hedged account tells the venue that it closes.
  private func checkClosing(_ request: VenueRequest) {
    guard request.kind == .newOrder, request.positionSideRaw != PositionSide.net.rawValue else { return }
    let isLong = request.positionSideRaw == PositionSide.long.rawValue
    let closes = isLong != (request.sideRaw == Side.buy.rawValue)
    verdict.expect(
      !closes || request.flags.contains(.reduceOnly), "INV-20", "frame \(request.wireID) closes and does not say so")
  }
}
