extension Reason {
  /// The `reason` member of orders; `nil` when there is nothing to say.
  package var word: String? {
    switch self {
    case .none: nil
    case .badID: "bad_id"
    case .unknownAccount: "unknown_account"
    case .unknownInstrument: "unknown_symbol"
    case .instrumentNotTrading: "not_trading"
    case .accountRemoved: "account_removed"
    case .marketNotEnabled: "market_not_enabled"
    case .priceMissing: "price_missing"
    case .quantityNotPositive: "qty_not_positive"
    case .tickSize: "tick_size"
    case .lotSize: "lot_size"
    case .quantityTooSmall: "qty_too_small"
    case .quantityTooLarge: "qty_too_large"
    case .notionalTooSmall: "notional_too_small"
    case .notSupported: "not_supported"
    case .badStop: "bad_stop"
    case .expiryPast: "expiry_past"
    case .badDisplayQuantity: "bad_iceberg_qty"
    case .badLink: "bad_link"
    case .overflow: "overflow"
    case .unknownStrategy: "unknown_strategy"
    case .positionSide: "position_side"
    default: stateWord ?? limitWord ?? fateWord
    }
  }

  private var stateWord: String? {
    switch self {
    case .liveNotAllowed: "live_not_allowed"
    case .tradingPaused: "paused"
    case .tradingHalted: "halted"
    case .tradingKilled: "killed"
    case .accountClosed: "account_closed"
    case .alarmOpen: "alarm_open"
    case .clockUncertain: "clock_uncertain"
    case .journalDead: "journal_dead"
    case .capacity: "capacity"
    case .idIndexBehind: "id_index_behind"
    case .idConflict: "id_conflict"
    case .unknownOrder: "unknown_order"
    case .orderDone: "order_done"
    case .amendPending: "amend_pending"
    case .replacementsExhausted: "replacements_exhausted"
    case .lossWindow: "loss_window"
    case .sequenceRepeated: "sequence_repeated"
    case .outOfScope: "out_of_scope"
    case .grantRate: "rate"
    case .ringDamaged: "ring_damaged"
    case .badCommand: "bad_command"
    case .engineStopping: "stopping"
    default: nil
    }
  }

  private var limitWord: String? {
    switch self {
    case .noMark: "no_mark"
    case .staleMarket: "stale_market"
    case .collar: "collar"
    case .maxOrderQuantity: "max_order_qty"
    case .maxOrderNotional: "max_order_notional"
    case .maxPosition: "max_position"
    case .maxGrossNotional: "max_gross_notional"
    case .maxNetNotional: "max_net_notional"
    case .maxOpenOrders: "max_open_orders"
    case .maxOrderRate: "max_orders_per_second"
    case .maxLeverage: "max_leverage"
    case .liquidationDistance: "min_liquidation_distance"
    case .maxVaR: "max_var"
    case .dailyLoss: "daily_loss"
    case .drawdown: "drawdown"
    case .insufficientBalance: "insufficient_balance"
    case .reduceOnly: "reduce_only"
    case .selfCross: "self_cross"
    case .repeatedReject: "repeated_reject"
    case .rateBudget: "rate_budget"
    case .parentQuantity: "parent_qty"
    case .maxBalance: "max_balance"
    default: nil
    }
  }

  private var fateWord: String? {
    switch self {
    case .venueRejected: "venue_rejected"
    case .notPlaced: "not_placed"
    case .notSent: "not_sent"
    case .cancelledByUser: "cancelled_by_user"
    case .cancelledByKill: "kill"
    case .cancelledByVenue: "cancelled_by_venue"
    case .cancelledByLink: "oco"
    case .cancelledBySession: "session"
    case .selfTrade: "self_trade"
    case .timeInForce: "time_in_force"
    case .expired: "expired"
    case .wouldTake: "would_take"
    case .liquidated: "liquidated"
    case .triggerMissed: "trigger_missed"
    case .replaced: "replaced"
    case .deadman: "deadman"
    default: nil
    }
  }
}
