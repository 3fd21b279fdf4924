/// One type of result object: its members in their documented order, what names it, what a table shows of it.
package struct ObjectType: Sendable {
  package enum Kind: Sendable { case string, integer, bool, array, object }

  package struct Field: Sendable {
    package let name: String
    package let kind: Kind
    package let isNullable: Bool
  }

  package let name: String
  package let fields: [Field]
  /// Fields that together name the object for `-o id`.
  package let identifier: [String]
  /// Columns of a table, the most important first.
  package let columns: [String]

  /// `fields` is a row of names with marks: `#` integer, `!` boolean, `[]` array, `{}` object, `?` may be null.
  init(_ name: String, id: String, columns: String, _ fields: String) {
    self.name = name
    identifier = id.split(separator: " ").map(String.init)
    self.columns = columns.split(separator: " ").map(String.init)
    self.fields = fields.split(separator: " ").map { Self.field($0) }
  }

  private static func field(_ word: Substring) -> Field {
    var word = word
    let isNullable = word.hasSuffix("?")
    if isNullable { word = word.dropLast() }
    for (mark, kind) in [("#", Kind.integer), ("!", .bool), ("[]", .array), ("{}", .object)] where word.hasSuffix(mark)
    {
      return Field(name: String(word.dropLast(mark.count)), kind: kind, isNullable: isNullable)
    }
    return Field(name: String(word), kind: .string, isNullable: isNullable)
  }
}

/// All types of result objects. `type` and `v` come first in each and are not repeated here.
package enum ObjectCatalog {
  package static func type(named name: String) -> ObjectType? { all.first { $0.name == name } }

  package static let all: [ObjectType] = trading + state + market + audit

  private static let trading: [ObjectType] = [
    ObjectType(
      "order", id: "id", columns: "id account symbol side kind qty price filled avg_price status reason tif updated",
      """
      seq# ts id wire_id venue_id? account venue mode symbol side kind tif qty price? stop? filled remaining avg_price? \
      fee fee_asset? status done! sent reason? venue_code? flags[] reduce_only! position_side? strategy? parent? session? \
      owner tags{} created updated expires? lat{} replayed!
      """),
    ObjectType(
      "fill", id: "trade_id", columns: "ts account symbol side qty price notional fee fee_asset role id",
      """
      seq# ts venue_ts? trade_id id venue_id? account venue mode symbol side qty price notional fee fee_asset? role \
      slippage_bps? arrival? strategy? parent? position_after rpnl
      """),
    ObjectType(
      "plan", id: "plan_id", columns: "step action account symbol side qty price est_price est_fee reason",
      """
      ts plan_id expires? step# steps# action account? from? to? symbol? asset? side? qty? price? est_price? \
      est_cost_bps? est_fee? reason?
      """),
    ObjectType(
      "result", id: "id", columns: "line op ok exit sent id",
      "ts line# op ok! exit# sent id? order{}? error{}? input?"),
    ObjectType(
      "summary", id: "op", columns: "op total ok failed unknown skipped elapsed_ms",
      "ts op total# ok# failed# unknown# skipped# elapsed_ms#"),
    ObjectType(
      "group", id: "count", columns: "count",
      "ts mode? asset? symbol? venue? count# qty? net? gross? ccy?"),
  ]

  private static let state: [ObjectType] = [
    ObjectType(
      "position", id: "account symbol",
      columns: "account symbol side qty entry mark upnl notional rpnl margin leverage",
      """
      ts account venue mode symbol side qty entry? mark? notional? upnl? rpnl margin? margin_mode? leverage? liq_price? \
      funding_next? strategy? age_ms#?
      """),
    ObjectType(
      "balance", id: "account asset", columns: "account asset free locked total value value_ccy wallet",
      "ts account venue mode wallet asset free locked total value? value_ccy? age_ms#?"),
    ObjectType(
      "account", id: "account", columns: "account mode state trading equity equity_ccy venue parent ws",
      """
      ts account venue mode group[] parent? state trading perms[] rate_used? ws? last_event_ms#? equity? equity_ccy?
      """),
    ObjectType(
      "pnl", id: "scope name", columns: "scope name ccy total realized unrealized fees funding equity drawdown_pct",
      """
      ts scope name mode ccy realized unrealized fees funding total equity? peak? drawdown_pct? since?
      """),
    ObjectType(
      "risk", id: "scope name limit", columns: "scope name limit value used used_pct breached source",
      "ts scope name limit value? used? used_pct? breached! source?"),
    ObjectType(
      "status", id: "instance",
      columns: "instance mode state trading halt_reason accounts venues_up orders_open uptime_s",
      """
      ts instance version pid# mode state trading halt_reason? uptime_s# seq# accounts_ready# accounts# venues_up# \
      venues# orders_open# strategies_running# rss_bytes# loop_lag_ns# ring_high_pct log_lag_ms# clock_skew_ms?
      """),
    ObjectType(
      "latency", id: "stage", columns: "stage n min_ns p50_ns p99_ns p999_ns max_ns account",
      "ts stage account? n# min_ns# p50_ns# p99_ns# p999_ns# max_ns#"),
  ]

  private static let market: [ObjectType] = [
    ObjectType(
      "symbol", id: "symbol", columns: "symbol venue class tick lot min_qty min_notional maker_bps taker_bps status",
      """
      ts symbol venue native base quote class tick lot min_qty max_qty? min_notional? contract? maker_bps? taker_bps? \
      status
      """),
    ObjectType(
      "ticker", id: "symbol", columns: "symbol last bid ask spread_bps mid venue age_ms",
      """
      ts venue symbol last? bid? bid_qty? ask? ask_qty? mid? spread_bps? vol24? chg24_pct? mark? index? funding? age_ms#?
      """),
    ObjectType(
      "book", id: "symbol", columns: "symbol bids asks spread_bps imbalance venue",
      "ts venue symbol book_seq bids[] asks[] depth# spread_bps? imbalance? age_ms#? checksum_ok!?"),
    ObjectType(
      "trade", id: "trade_id", columns: "ts symbol price qty taker venue trade_id",
      "ts venue symbol trade_id price qty taker"),
    ObjectType(
      "candle", id: "symbol open_ts", columns: "open_ts symbol o h l c vol quote_vol n closed",
      "ts venue symbol interval open_ts o h l c vol quote_vol n# closed!"),
    ObjectType(
      "funding", id: "symbol", columns: "symbol rate next interval_h annual_pct venue",
      "ts venue symbol rate next interval_h# annual_pct"),
  ]

  private static let audit: [ObjectType] = [
    ObjectType(
      "event", id: "seq", columns: "seq ts level kind account message",
      "seq# ts kind level account? venue? strategy? message data{}"),
    ObjectType("gap", id: "from_seq", columns: "from_seq to_seq reason", "ts from_seq# to_seq# reason"),
    ObjectType(
      "drift", id: "account", columns: "account kind asset symbol id ours theirs diff fixed",
      "ts account? kind asset? symbol? venue? ours? theirs? diff? since? fixed! id?"),
    ObjectType(
      "snapshot", id: "id", columns: "id seq accounts orders_open bytes note path",
      "ts id path bytes# seq# accounts# sha256 lsn# orders_open#? note?"),
    ObjectType(
      "check", id: "name", columns: "name status detail fix", "ts name status detail? fix? ms#?"),
    ObjectType(
      "bench", id: "name", columns: "name n per_s p50_ns p99_ns p999_ns max_ns ref ratio bar pass",
      """
      ts name n# per_s? min_ns#? p50_ns#? p99_ns#? p999_ns#? max_ns#? cpu#? target_ns#? ref? ref_name? ratio? bar? \
      moonshot? plan? durability? checksum? each_ns? difference_ns? amount#? pass!? pass_moonshot!?
      """),
    ObjectType(
      "record", id: "index", columns: "index kind time step body",
      "index# segment# offset# kind time? utc? bytes# body{}?"),
    ObjectType(
      "error", id: "code", columns: "code exit message",
      """
      ts code exit# message hint? sent retry retry_after_ms#? command? id? account? symbol? venue? venue_code? \
      venue_message? file? line#? column#?
      """),
  ]
}
