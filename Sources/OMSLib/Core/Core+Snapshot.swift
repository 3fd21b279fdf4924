// The state as sections of rows, and back. Only rows are stored; what follows from them is made anew.

extension CoreState {
  /// All rows in use. The bytes are lent: valid until the next step.
  package var sections: [SnapshotSection] {
    let g = globals[0]
    let isWindowFull = fillIDs[capacity.fillIDs - 1].key != 0
    return [
      section(globals, 1),
      section(assets, Int(g.assetCount) + 1),
      section(venues, Int(g.venueCount) + 1),
      section(instruments, Int(g.instrumentCount) + 1),
      section(accounts, Int(g.accountCount) + 1),
      section(strategies, Int(g.strategyCount) + 1),
      section(orders, Int(g.orderHighWater)),
      section(positions, Int(g.positionCount) + 1),
      section(balances, Int(g.balanceCount) + 1),
      section(virtuals, Int(g.virtualCount) + 1),
      section(fillIDs, isWindowFull ? capacity.fillIDs : Int(g.fillHand)),
      section(limits, limits.capacity),
      section(limitMasks, limitMasks.capacity),
      section(texts, Int(g.textHighWater) + 1),
      section(bulks, Self.bulkCount),
      section(assetLimits, Int(g.assetLimitCount)),
      section(orderLinks, Int(g.orderHighWater)),
      section(roles, Int(g.roleCount) + 1),
    ]
  }

  private func section<Row: BitwiseCopyable>(_ table: borrowing Table<Row>, _ count: Int) -> SnapshotSection {
    unsafe SnapshotSection(
      id: UInt32(table.id.rawValue), rowBytes: MemoryLayout<Row>.stride, unsafeBytes: table.bytes(count: count))
  }
}

extension Core {
  /// Wire ids of all orders in the table that were, or may have been, written.
  package var writtenWireIDs: [Text32] {
    var ids: [Text32] = []
    for slot in 0..<Int(state.globals[0].orderHighWater) {
      let row = state.orders[slot]
      guard row.image.orderNumber != 0, row.sentAt != .zero, !row.isAdopted else { continue }
      // The newest has not left while it is asked for, or waits here.
      let hasLeft = row.asksFirst == 0 && row.isHeld == 0
      for attempt in 0..<Int(row.image.replacements) + (hasLeft ? 1 : 0) {
        ids.append(WireID(row.image.id, replacement: UInt16(attempt), tag: tag).text)
      }
    }
    return ids
  }

  /// Loads one section into a core as new; `false` when it is none of ours or does not fit this capacity.
  package mutating func load(_ section: SnapshotSection) -> Bool {
    guard let raw = UInt8(exactly: section.id), let table = TableID(rawValue: raw) else { return false }
    switch table {
    case .global: return state.globals.load(section)
    case .asset: return state.assets.load(section)
    case .venue: return state.venues.load(section)
    case .instrument: return state.instruments.load(section)
    case .account: return state.accounts.load(section)
    case .strategy: return state.strategies.load(section)
    case .order: return state.orders.load(section)
    case .position: return state.positions.load(section)
    case .balance: return state.balances.load(section)
    case .virtualPosition: return state.virtuals.load(section)
    case .fillID: return state.fillIDs.load(section)
    case .limit: return state.limits.load(section)
    case .limitMask: return state.limitMasks.load(section)
    case .text: return state.texts.load(section)
    case .bulk: return state.bulks.load(section)
    case .assetLimit: return state.assetLimits.load(section)
    case .orderLink: return state.orderLinks.load(section)
    case .role: return state.roles.load(section)
    }
  }

  /// Makes the indexes anew once all sections are loaded. `digest` is the one recorded with the rows.
  package mutating func finishLoading(digest: StateDigest) {
    precondition(state.orderIndex.count == 0, "rows are loaded into a core as new")
    state.digest = digest
    state.deriveLimits()
    for slot in 0..<Int(state.globals[0].orderHighWater) { index(slot) }
    state.makeDue()
    for row in 1..<(Int(state.globals[0].positionCount) + 1) {
      // The head of a chain is the row that no other row of the pair names; later rows were put in front.
      state.positionIndex[state.positions[row].account.index, state.positions[row].instrument.index] = row
    }
    for row in 1..<(Int(state.globals[0].balanceCount) + 1) {
      let isFutures = state.balances[row].walletRaw == Wallet.futures.rawValue
      state.balanceIndex[
        state.balances[row].account.index * 2 + (isFutures ? 1 : 0), state.balances[row].asset.index] = row
    }
    for row in 0..<state.capacity.fillIDs where state.fillIDs[row].key != 0 {
      state.fillIndex.insert(state.fillIDs[row].key)
    }
  }

  private mutating func index(_ slot: Int) {
    let row = state.orders[slot]
    guard row.image.orderNumber != 0 else { return }
    if row.isIndexed { state.index(slot, by: row.keyHigh, row.keyLow) }
    for attempt in 0..<row.image.replacements {
      let key = WireID.key(row.image.id, replacement: attempt + 1)
      state.index(slot, by: key.high, key.low)
    }
  }
}

extension CoreState {
  /// Makes the heap of deadlines anew from the rows.
  mutating func makeDue() {
    due.removeAll()
    for account in 1..<(Int(globals[0].accountCount) + 1) where accounts[account].dueAt > .zero {
      due.push(DueHeap.Entry(time: accounts[account].dueAt, order: UInt64(account)))
    }
    for slot in 0..<Int(globals[0].orderHighWater) {
      guard orders[slot].image.orderNumber != 0, orders[slot].isOpen, orders[slot].dueAt < .never else { continue }
      due.push(DueHeap.Entry(time: orders[slot].dueAt, order: orders[slot].image.orderNumber))
    }
  }
}

extension Table {
  mutating func load(_ section: SnapshotSection) -> Bool {
    unsafe load(section.bytes, rowBytes: Int(section.rowBytes))
  }
}
