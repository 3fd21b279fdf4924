/// What is done when nothing can be recorded any more: the journal does not move, and what was left of its ring for
/// cancels is used up.
///
/// Cancels leave by wire id, without a record: they can only take risk away, and the comparison behind the next room tells
/// the state what came of them. Everything else is refused.
enum Unrecorded {
  /// Orders of one run that may leave without a record.
  static let orderMax: UInt64 = 1_000

  /// Whether nothing at all can be recorded now.
  static func isNeeded<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ agent: borrowing CoreAgent<Core, Door, Gate>, now: EngineTime
  ) -> Bool {
    agent.isJournalStalled(now) && !agent.canAccept(opensRisk: false)
  }

  /// Closes (a part of) a position. Ids come from a block that no run hands out otherwise, under the epoch of this run,
  /// which was recorded when it began: they are burnt without a record of their own.
  static func reduce<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ order: UnrecordedOrder, _ agent: inout CoreAgent<Core, Door, Gate>, now: EngineTime, utc: UTCTime
  ) -> Reply {
    var reply = Reply()
    reply.token = order.token
    reply.outcomeRaw = Reply.Outcome.refused.rawValue
    reply.reasonRaw = Reason.notSupported.rawValue
    guard isNeeded(agent, now: now) else { return reply }
    guard order.number > 0, order.number <= orderMax else {
      reply.reasonRaw = Reason.capacity.rawValue
      return reply
    }
    guard let request = agent.machine.closingFrame(order, agent.door.top(of: order.instrument), now: now) else {
      reply.reasonRaw = Reason.staleMarket.rawValue
      return reply
    }
    switch agent.sendUnrecorded(request, now: now, utc: utc) {
    case .sent: reply.outcomeRaw = Reply.Outcome.accepted.rawValue
    case .gateShut: reply.reasonRaw = Reason.tradingHalted.rawValue
    case .noRoom: reply.reasonRaw = Reason.capacity.rawValue
    }
    return reply
  }

  /// `nil`: it can be recorded, or is worth waiting for.
  static func act<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ message: HotMessage, _ agent: inout CoreAgent<Core, Door, Gate>, now: EngineTime, utc: UTCTime
  ) -> Reply? {
    guard isNeeded(agent, now: now), let type = message.type else { return nil }
    var reply = Reply()
    switch type {
    case .cancelOrder:
      let input = message.load(CancelOrderInput.self)
      reply.token = input.token
      guard let slot = agent.machine.findOrder(input.id) else {
        reply.reasonRaw = Reason.unknownOrder.rawValue
        reply.outcomeRaw = Reply.Outcome.refused.rawValue
        return reply
      }
      reply.orderNumber = agent.machine.state.orders[slot].image.orderNumber
      reply.outcomeRaw = Reply.Outcome.accepted.rawValue
      _ = cancel(slot, Scope(), &agent, now, utc)
    case .cancelMany:
      let input = message.load(CancelManyInput.self)
      reply.token = input.token
      reply.count = cancelAll(input.scope, &agent, now, utc)
      reply.outcomeRaw = Reply.Outcome.finished.rawValue
    case .setTrading:
      let input = message.load(SetTradingInput.self)
      reply.token = input.token
      // The gate file is shut already: no frame passes it, whatever the state says.
      reply.count = input.cancelsOrders != 0 ? cancelAll(input.scope, &agent, now, utc) : 0
      reply.outcomeRaw = Reply.Outcome.finished.rawValue
    case .amendOrder: return refused(message.load(AmendOrderInput.self).token)
    case .reconcile: return refused(message.load(ReconcileInput.self).token)
    case .setAccount: return refused(message.load(SetAccountInput.self).token)
    case .acknowledgeAlarm: return refused(message.load(AlarmInput.self).token)
    // Tags of an order that will be refused.
    case .setText: return refused(0)
    default: return nil
    }
    return reply
  }

  private static func refused(_ token: UInt64) -> Reply {
    var reply = Reply()
    reply.token = token
    reply.outcomeRaw = Reply.Outcome.refused.rawValue
    reply.reasonRaw = Reason.journalDead.rawValue
    return reply
  }

  private static func cancelAll<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ scope: Scope, _ agent: inout CoreAgent<Core, Door, Gate>, _ now: EngineTime, _ utc: UTCTime
  ) -> UInt32 {
    var count: UInt32 = 0
    for slot in 0..<Int(agent.machine.state.global.orderHighWater) where cancel(slot, scope, &agent, now, utc) {
      count += 1
    }
    return count
  }

  static func cancel<Door: VenueDoor & ~Copyable, Gate: FrameGate & ~Copyable>(
    _ slot: Int, _ scope: Scope, _ agent: inout CoreAgent<Core, Door, Gate>, _ now: EngineTime, _ utc: UTCTime
  ) -> Bool {
    guard let request = agent.machine.cancelFrame(slot, in: scope, signBy: now.advanced(byNanoseconds: 2_000_000_000))
    else { return false }
    return agent.door.submit(request, now: now, utc: utc)
  }
}

/// What closes a position while nothing can be recorded: an IOC limit at the slippage bound, reduce-only.
struct UnrecordedOrder: BitwiseCopyable {
  var token: UInt64 = 0
  var quantity: Int64 = 0
  var slippagePpm: Int64 = 0
  /// Of its id, from 1.
  var number: UInt64 = 0
  var account = AccountID.none
  var instrument = InstrumentID.none
  var sideRaw: UInt8 = 0
  var positionSideRaw: UInt8 = 0
  var reserved: UInt16 = 0
}

extension Core {
  /// `nil`: there is no price, or no such account, instrument or side.
  func closingFrame(_ order: UnrecordedOrder, _ top: TopOfBook, now: EngineTime) -> VenueRequest? {
    let global = state.global
    guard let side = Side(rawValue: order.sideRaw), order.quantity > 0, order.account.index > 0,
      order.account.index <= Int(global.accountCount), order.instrument.index > 0,
      order.instrument.index <= Int(global.instrumentCount), top.isValid != 0
    else { return nil }
    let touch = side == .buy ? top.ask : top.bid
    guard touch > 0 else { return nil }
    let account = state.accounts[order.account.index]
    let rules = state.instruments[order.instrument.index].rules
    let price = Self.slipped(
      touch, ppm: min(max(order.slippagePpm, 0), 1_000_000), tick: max(rules.tick, 1), isBuy: side == .buy)
    var request = VenueRequest(.newOrder)
    request.wireID = WireID(OrderIDText.unrecorded(epoch: global.epoch, number: order.number), tag: tag).text
    request.account = order.account
    request.instrument = order.instrument
    request.venue = account.venue
    request.sideRaw = side.rawValue
    request.orderKindRaw = OrderKind.limit.rawValue
    request.timeInForceRaw = TimeInForce.ioc.rawValue
    request.positionSideRaw = order.positionSideRaw
    request.flagsRaw = OrderFlags.reduceOnly.rawValue
    request.price = price
    request.quantity = order.quantity
    request.signBy = now.advanced(byNanoseconds: Self.signWindow)
    return request
  }
}
