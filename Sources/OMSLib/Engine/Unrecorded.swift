/// What is done when nothing can be recorded any more: the journal does not move, and what was left of its ring for
/// cancels is used up.
///
/// Cancels leave by wire id, without a record: they can only take risk away, and the comparison behind the next room tells
/// the state what came of them. Everything else is refused.
enum Unrecorded {
  /// `nil`: it can be recorded, or is worth waiting for.
  static func act(_ message: HotMessage, _ agent: inout EngineAgent, now: EngineTime, utc: UTCTime) -> Reply? {
    guard agent.isJournalStalled(now), !agent.canAccept(opensRisk: false), let type = message.type else { return nil }
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

  private static func cancelAll(
    _ scope: Scope, _ agent: inout EngineAgent, _ now: EngineTime, _ utc: UTCTime
  ) -> UInt32 {
    var count: UInt32 = 0
    for slot in 0..<Int(agent.machine.state.global.orderHighWater) where cancel(slot, scope, &agent, now, utc) {
      count += 1
    }
    return count
  }

  private static func cancel(
    _ slot: Int, _ scope: Scope, _ agent: inout EngineAgent, _ now: EngineTime, _ utc: UTCTime
  ) -> Bool {
    guard let request = agent.machine.cancelFrame(slot, in: scope, signBy: now.advanced(byNanoseconds: 2_000_000_000))
    else { return false }
    return agent.door.submit(request, now: now, utc: utc)
  }
}
