// The words that objects use for the numbers in records. Stable: scripts compare them.

extension OrderStatus {
  package var word: String {
    switch self {
    case .new: "new"
    case .sent: "sent"
    case .open: "open"
    case .partial: "partial"
    case .pendingCancel: "pending_cancel"
    case .pendingAmend: "pending_amend"
    case .unknown: "unknown"
    case .filled: "filled"
    case .cancelled: "cancelled"
    case .rejected: "rejected"
    case .expired: "expired"
    }
  }
}

extension SentState {
  package var word: String {
    switch self {
    case .no: "no"
    case .yes: "yes"
    case .unknown: "unknown"
    }
  }
}

extension Side {
  package var word: String { self == .buy ? "buy" : "sell" }
}

extension Mode {
  package var word: String { self == .paper ? "paper" : "live" }
}

extension OrderKind {
  package var word: String {
    switch self {
    case .limit: "limit"
    case .market: "market"
    case .stopMarket: "stop"
    case .stopLimit: "stop_limit"
    case .takeProfitMarket: "take_profit"
    case .takeProfitLimit: "take_profit_limit"
    case .trailingStop: "trail"
    }
  }
}

extension TimeInForce {
  package var word: String {
    switch self {
    case .gtc: "gtc"
    case .ioc: "ioc"
    case .fok: "fok"
    case .gtd: "gtd"
    }
  }
}

extension PositionSide {
  /// `nil` for the net position, which has no side of its own.
  package var word: String? {
    switch self {
    case .net: nil
    case .long: "long"
    case .short: "short"
    }
  }
}

extension TradingState {
  package var word: String {
    switch self {
    case .on: "on"
    case .paused: "paused"
    case .halted: "halted"
    case .killed: "killed"
    }
  }
}

extension NoticeLevel {
  package var word: String {
    switch self {
    case .info: "info"
    case .warn: "warn"
    case .error: "error"
    case .alarm: "alarm"
    }
  }

  package init?(word: String) {
    guard let level = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = level
  }
}

extension NoticeKind {
  package var word: String {
    switch self {
    case .engineStart: "engine.start"
    case .engineStop: "engine.stop"
    case .tradingState: "trading.state"
    case .venueConnected: "venue.connect"
    case .venueDisconnected: "venue.disconnect"
    case .limitBreached: "limit.breached"
    case .limitChanged: "limit.changed"
    case .drift: "drift"
    case .orderUnknown: "order.unknown"
    case .orderAdopted: "order.adopted"
    case .triggerMissed: "trigger.missed"
    case .funding: "funding"
    case .liquidation: "liquidation"
    case .marginCall: "margin.call"
    case .feeDeviates: "fee.deviates"
    case .bust: "fill.bust"
    case .eventQuarantined: "event.quarantined"
    case .alarm: "alarm"
    case .alarmAcknowledged: "alarm.acknowledged"
    case .clockStep: "clock.step"
    case .journalDegraded: "journal.degraded"
    case .journalDead: "journal.dead"
    case .accountOpened: "account.opened"
    case .accountClosed: "account.closed"
    case .balanceChanged: "balance.changed"
    case .stateHashMismatch: "state.mismatch"
    case .reconciled: "reconciled"
    case .snapshotTaken: "snapshot.taken"
    case .drawdownStage: "drawdown.stage"
    }
  }
}

extension LimitKind {
  package var word: String {
    switch self {
    case .maxOrderQuantity: "max_order_qty"
    case .maxOrderNotional: "max_order_notional"
    case .maxPositionQuantity: "max_position_qty"
    case .maxPositionNotional: "max_position_notional"
    case .maxGrossNotional: "max_gross_notional"
    case .maxNetNotional: "max_net_notional"
    case .maxOpenOrders: "max_open_orders"
    case .maxOrdersPerSecond: "max_orders_per_second"
    case .maxLeverage: "max_leverage"
    case .minLiquidationDistance: "min_liquidation_distance"
    case .maxVaR: "max_var"
    case .dailyLoss: "daily_loss"
    case .drawdownMild: "drawdown_mild"
    case .drawdownModerate: "drawdown_moderate"
    case .drawdownSevere: "drawdown_severe"
    case .collar: "collar"
    case .maxSlippage: "max_slippage"
    case .maxMarketAge: "max_market_age"
    case .maxRepeatedRejects: "max_repeated_rejects"
    case .maxBalance: "max_balance"
    }
  }
}

extension LimitScope {
  package var word: String {
    switch self {
    case .total: "total"
    case .venue: "venue"
    case .account: "account"
    case .instrument: "symbol"
    case .strategy: "strategy"
    }
  }
}

extension OrderFlags {
  /// In the order in which they are printed.
  package static let words: [(OrderFlags, StaticString)] = [
    (.postOnly, "post_only"), (.reduceOnly, "reduce_only"), (.hidden, "hidden"), (.withoutCollar, "no_collar"),
    (.closePosition, "close_position"),
  ]
}

extension VenueReference {
  /// Decimal digits, or the 8-4-4-4-12 form where the venue uses those.
  package var word: String? {
    if isNone { return nil }
    if high == 0 { return String(low) }
    var digits: [UInt8] = []
    for (index, shift) in stride(from: 124, through: 0, by: -4).enumerated() {
      if index == 8 || index == 12 || index == 16 || index == 20 { digits.append(0x2D) }
      let nibble = UInt8((UInt128(high) << 64 | UInt128(low)) >> UInt128(shift) & 15)
      digits.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
