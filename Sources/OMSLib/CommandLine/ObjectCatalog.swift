/// One type of result object: its members in their documented order, what names it, what a table shows of it.
package struct ObjectType: Sendable {
  package enum Kind: Equatable, Sendable {
    case string, decimal, time, integer, bool
    case choice([String])
    /// A list of strings, of `[price, quantity]`, of objects.
    case strings, levels, objects
    case object
    /// Whatever was put in.
    case any
  }

  package struct Field: Sendable {
    package let name: String
    package let kind: Kind
    package let isNullable: Bool
    /// May be missing.
    package let isOptional: Bool
  }

  package let name: String
  package let meaning: String
  package let fields: [Field]
  /// Fields that together name the object for `-o id`.
  package let identifier: [String]
  /// Columns of a table, the most important first.
  package let columns: [String]
  /// What members with names of their own hold, where there are such.
  package let others: Kind?

  fileprivate init(_ outline: ObjectOutline) {
    name = outline.name
    meaning = outline.meaning
    identifier = outline.id.split(separator: " ").map(String.init)
    columns = outline.columns.split(separator: " ").map(String.init)
    fields = outline.fields.split(separator: " ").map { Self.field($0) }
    others = outline.others
  }

  private static func field(_ word: Substring) -> Field {
    var word = word
    let isOptional = word.hasSuffix("*")
    if isOptional { word = word.dropLast() }
    let isNullable = word.hasSuffix("?")
    if isNullable { word = word.dropLast() }
    let (name, kind) = nameAndKind(word)
    return Field(name: name, kind: kind, isNullable: isNullable, isOptional: isOptional)
  }

  private static func nameAndKind(_ word: Substring) -> (String, Kind) {
    if let sign = word.firstIndex(of: "=") {
      return (String(word[..<sign]), .choice(word[word.index(after: sign)...].split(separator: "|").map(String.init)))
    }
    for (mark, kind) in marks where word.hasSuffix(mark) { return (String(word.dropLast(mark.count)), kind) }
    return (String(word), .string)
  }

  /// The longer of two that end alike comes first.
  private static let marks: [(String, Kind)] = [
    ("%", .decimal), ("@", .time), ("#", .integer), ("!", .bool), ("[[]]", .levels), ("[{}]", .objects),
    ("[]", .strings), ("{}", .object), ("()", .any),
  ]
}

/// A type as it is written down: most commands read none of them, and none reads all.
private struct ObjectOutline {
  let name: String
  let meaning: String
  let id: String
  let columns: String
  let others: ObjectType.Kind?
  let fields: String

  /// `fields` is a row of names with marks: `%` decimal, `@` time, `#` integer, `!` boolean, `=a|b` one of these words,
  /// `[]` strings, `[[]]` levels, `[{}]` objects, `{}` object, `()` anything; behind it `?` may be null, `*` may be
  /// missing. Without a mark it is a string.
  init(
    _ name: String, _ meaning: String, id: String, columns: String, others: ObjectType.Kind? = nil, _ fields: String
  ) {
    self.name = name
    self.meaning = meaning
    self.id = id
    self.columns = columns
    self.others = others
    self.fields = fields
  }
}

/// All types of result objects. `type` and `v` come first in each and are not repeated here.
package enum ObjectCatalog {
  package static func type(named name: String) -> ObjectType? {
    outlines.first { $0.name == name }.map { ObjectType($0) }
  }

  package static let all = outlines.map { ObjectType($0) }

  private static let outlines = trading + state + market + audit + tools

  private static let trading: [ObjectOutline] = [
    ObjectOutline(
      "order", "One order as it is, or as it was at `seq`.", id: "id",
      columns: "id account symbol side kind qty price filled avg_price status reason tif updated",
      """
      seq#? ts@ id wire_id? venue_id? account venue mode=paper|live symbol side=buy|sell \
      kind=limit|market|stop|stop_limit|take_profit|take_profit_limit|trail tif=gtc|ioc|fok|gtd qty% price%? stop%? \
      filled% remaining% avg_price%? fee% fee_asset? \
      status=new|sent|open|partial|pending_cancel|pending_amend|unknown|filled|cancelled|rejected|expired done! \
      sent=no|yes|unknown reason? venue_code? flags[] reduce_only! position_side=long|short? strategy? parent? session? \
      owner=oms|foreign tags{} created@ updated@ expires@? lat{} replayed! batch#*
      """),
    ObjectOutline(
      "fill", "One trade of an order.", id: "trade_id",
      columns: "ts account symbol side qty price notional fee fee_asset role id",
      """
      seq#? ts@ venue_ts@? trade_id id? venue_id? account venue mode=paper|live symbol side=buy|sell qty% price% \
      notional% fee% fee_asset? role=maker|taker slippage_bps%? arrival%? strategy? parent? position_after% rpnl%
      """),
    ObjectOutline(
      "plan", "One step of what a command would do.", id: "plan_id",
      columns:
        "mode account action symbol side qty price notional last distance_pct est_fee est_cost_bps headroom reason",
      """
      ts@ plan_id? expires@? step# steps# action account? from? to? symbol? asset? side=buy|sell? qty%? price%? \
      est_price%? est_cost_bps%? est_fee%? reason? mode=paper|live? notional%? last%? distance_pct%? headroom%?
      """),
    ObjectOutline(
      "result", "What came of one line of a batch.", id: "id", columns: "line op ok exit sent id",
      "ts@ line# op ok! exit# sent=no|yes|unknown id? order{}? error{}? input()"),
    ObjectOutline(
      "summary", "What came of a whole batch, on standard error.", id: "op",
      columns: "op total ok failed unknown skipped elapsed_ms",
      "ts@ op total# ok# failed# unknown# skipped# elapsed_ms#"),
    ObjectOutline(
      "group",
      """
      Rows that agree in the fields of --by, which stand in it, with the sums of --sum; what `exposure` adds up; and a \
      group of accounts with its members.
      """,
      id: "count", columns: "count", others: .string,
      "ts@ mode=paper|live* asset* symbol* venue* group* count# qty%?* net%?* gross%?* ccy* accounts[]*"),
  ]

  private static let state: [ObjectOutline] = [
    ObjectOutline(
      "position", "What an account holds of a symbol.", id: "account symbol",
      columns: "account symbol side qty entry mark upnl notional rpnl margin leverage",
      """
      ts@ account venue mode=paper|live symbol side=long|short|flat qty% entry%? mark%? notional%? upnl%? rpnl% margin%? \
      margin_mode=cross|isolated? leverage%? liq_price%? funding_next@? strategy? age_ms#? batch#*
      """),
    ObjectOutline(
      "balance", "What an account holds of an asset.", id: "account asset",
      columns: "account asset free locked total value value_ccy wallet",
      """
      ts@ account venue mode=paper|live wallet=spot|futures asset free% locked% total% value%? value_ccy? age_ms#? batch#*
      """),
    ObjectOutline(
      "account", "One account: its state, its link, its equity.", id: "account",
      columns: "account mode state trading equity equity_ccy venue parent ws",
      """
      ts@ account venue mode=paper|live group[] parent? state=ready|closed|removed trading=on|paused|halted|killed \
      perms[] rate_used%? ws=up|down? last_event_ms#? equity%? equity_ccy? batch#*
      """),
    ObjectOutline(
      "pnl", "What an account has made today.", id: "scope name",
      columns: "scope name ccy total realized unrealized fees funding equity drawdown_pct",
      """
      ts@ scope name mode=paper|live ccy realized% unrealized% fees% funding% total% equity%? peak%? drawdown_pct%? \
      since@? batch#*
      """),
    ObjectOutline(
      "risk", "One limit and its use.", id: "scope name limit",
      columns: "scope name limit value used used_pct breached source",
      "ts@ scope=total|venue|account|symbol|strategy name? limit value%? used%? used_pct%? breached! source? until@?"),
    ObjectOutline(
      "status", "The engine in one line.", id: "instance",
      columns: "instance mode state trading halt_reason accounts venues_up orders_open uptime_s",
      """
      ts@ instance version pid# mode=paper|live state=running|stalled|stopping trading=on|paused|halted|killed \
      halt_reason? uptime_s# seq# accounts_ready# accounts# venues_up# venues# orders_open# strategies_running# \
      rss_bytes# loop_lag_ns# ring_high_pct% log_lag_ms# clock_skew_ms%? batch#*
      """),
    ObjectOutline(
      "latency", "How long one stage of the order path takes.", id: "stage",
      columns: "stage n min_ns p50_ns p99_ns p999_ns max_ns account",
      "ts@ stage account? n# min_ns# p50_ns# p99_ns# p999_ns# max_ns# batch#*"),
  ]

  private static let market: [ObjectOutline] = [
    ObjectOutline(
      "symbol", "What can be traded, and its rules.", id: "symbol",
      columns: "symbol venue class tick lot min_qty min_notional maker_bps taker_bps status",
      """
      ts@ symbol venue native base quote class=spot|perp|future tick% lot% min_qty% max_qty%? min_notional%? contract%? \
      maker_bps%? taker_bps%? status=trading|closed
      """),
    ObjectOutline(
      "ticker", "The prices of a symbol.", id: "symbol", columns: "symbol last bid ask spread_bps mid venue age_ms",
      """
      ts@ venue symbol last%? bid%? bid_qty%? ask%? ask_qty%? mid%? spread_bps%? vol24%? chg24_pct%? mark%? index%? \
      funding%? age_ms#?
      """),
    ObjectOutline(
      "book", "The best levels of a symbol.", id: "symbol", columns: "symbol bids asks spread_bps imbalance venue",
      "ts@ venue symbol book_seq bids[[]] asks[[]] depth# spread_bps%? imbalance%? age_ms#? checksum_ok!?"),
    ObjectOutline(
      "trade", "One trade of a market, whoever made it.", id: "trade_id",
      columns: "ts symbol price qty taker venue trade_id", "ts@ venue symbol trade_id price% qty% taker=buy|sell"),
    ObjectOutline(
      "candle", "What a market did in one interval.", id: "symbol open_ts",
      columns: "open_ts symbol o h l c vol quote_vol n closed",
      "ts@ venue symbol interval open_ts@ o% h% l% c% vol% quote_vol% n# closed!"),
    ObjectOutline(
      "funding", "What holders of a perpetual pay each other next.", id: "symbol",
      columns: "symbol rate next interval_h annual_pct venue",
      "ts@ venue symbol rate% next@ interval_h# annual_pct%"),
  ]

  private static let audit: [ObjectOutline] = [
    ObjectOutline(
      "event", "Something that happened beside orders and fills.", id: "seq",
      columns: "seq ts level kind account message",
      "seq#? ts@ kind level=info|warn|error|alarm account? venue? strategy? message data{}"),
    ObjectOutline(
      "log", "One line that the engine says of itself.", id: "ts", columns: "ts level component message",
      "ts@ level=info|warn|error component message pid#"),
    ObjectOutline(
      "gap", "Events that cannot be shown any more.", id: "from_seq", columns: "from_seq to_seq reason",
      "ts@ from_seq# to_seq# reason"),
    ObjectOutline(
      "drift", "One difference between two books.", id: "account",
      columns: "account kind asset symbol id ours theirs diff fixed",
      "ts@ account? kind asset? symbol? venue? ours? theirs? diff? since@? fixed! id?"),
    ObjectOutline(
      "snapshot", "The state at one record, kept.", id: "id", columns: "id seq accounts orders_open bytes note path",
      "ts@ id path bytes# seq# accounts# sha256 lsn# orders_open#? note?"),
    ObjectOutline(
      "check", "One thing that was looked at.", id: "name", columns: "name status detail fix",
      "ts@ name status detail? fix? ms#?"),
    ObjectOutline(
      "record", "One record of a journal: its header, and its body as hex or in words.", id: "lsn",
      columns: "lsn ts record seq length body",
      """
      ts@ lsn# record number# version# length# time# seq# epoch# instance# body_crc# chain# body* blob#* part#* offset#* \
      kind* reload!* bytes#* of#* sha256* text?*
      """),
    ObjectOutline(
      "bench", "One measurement.", id: "name", columns: "name n per_s p50_ns p99_ns p999_ns max_ns ref ratio bar pass",
      others: .integer,
      """
      ts@ name n# per_s%? min_ns#? p50_ns#? p99_ns#? p999_ns#? max_ns#? cpu#? target_ns#? ref? ref_name? ratio%? bar? \
      moonshot? plan? durability? checksum? each_ns%? difference_ns%? amount#? pass!? pass_moonshot!?
      """),
  ]

  private static let tools: [ObjectOutline] = [
    ObjectOutline(
      "setting", "One setting and where it comes from.", id: "key", columns: "key value origin",
      "ts@ key value() origin?"),
    ObjectOutline(
      "change", "A setting that is another one on the disk than in the engine.", id: "key",
      columns: "key running disk restart origin", "ts@ key running() disk() restart! origin?"),
    ObjectOutline(
      "secret", "An API key and its secret, of which nothing is shown.", id: "name",
      columns: "name kind can_trade can_withdraw added backend",
      "ts@ name backend=keystore kind=hmac|ed25519|rsa can_trade!? can_withdraw!? added@"),
    ObjectOutline(
      "keystore", "Where secrets are kept, and whether they can be used.", id: "path",
      columns: "state secrets key generation thrown_away path",
      "ts@ state=none|locked|unlocked path secrets#? generation#? key=scrypt|random? thrown_away!"),
    ObjectOutline(
      "venue", "An exchange that answers, and the made-up accounts it has.", id: "seed", columns: "seed ca",
      "ts@ seed# spot{} usdm{} ca? control accounts[{}]"),
    ObjectOutline(
      "venue_asset", "What came into a served exchange.", id: "asset", columns: "asset deposits", "ts@ asset deposits%"),
    ObjectOutline(
      "venue_balance", "A balance as a served exchange has it.", id: "account wallet asset",
      columns: "account wallet asset total locked", "ts@ account wallet asset total% locked%"),
    ObjectOutline(
      "venue_position", "A position as a served exchange has it.", id: "account symbol side",
      columns: "account symbol side qty cost leverage margin_mode isolated",
      "ts@ account symbol side=long|short qty% cost% isolated% margin_mode=cross|isolated leverage#"),
    ObjectOutline(
      "venue_traffic", "What came to a served exchange with orders to place, refused ones too.", id: "placements",
      columns: "placements ids repeated", "ts@ placements# ids# repeated[]"),
    ObjectOutline(
      "venue_order", "An order as a served exchange has it.", id: "order_id",
      columns: "account symbol side kind qty price filled status client_id order_id",
      """
      ts@ account symbol order_id client_id side=buy|sell kind tif qty% price% stop% filled% quote% status open! \
      reduce_only! algo_id? signed@? created@ updated@
      """),
    ObjectOutline(
      "venue_fill", "A trade of a customer as a served exchange has it.", id: "account trade_id",
      columns: "account symbol side qty price fee fee_asset role trade_id client_id",
      """
      ts@ account symbol trade_id order_id client_id? side=buy|sell qty% price% fee% fee_asset role=maker|taker forced! \
      realised% venue_ts@
      """),
    ObjectOutline(
      "explanation", "What a code means.", id: "subject", columns: "subject code exit sent cause action",
      "ts@ subject code? exit# sent=no|yes|some|unknown? cause action codes[]"),
    ObjectOutline(
      "version", "Which build this is.", id: "version", columns: "version core protocol debug",
      "version core# protocol# debug!"),
    ObjectOutline(
      "help", "The whole table of commands.", id: "version", columns: "version",
      "version commands[{}] global_flags[{}] exit_codes[{}] objects[{}] topics[]"),
    ObjectOutline(
      "error", "Why a command failed, on standard error.", id: "code", columns: "code exit message",
      """
      ts@ code exit# message hint? sent=no|yes|unknown retry=never|same_id|after|reconcile retry_after_ms#? command? id? \
      account? symbol? venue? venue_code? venue_message? file? line#? column#? severity=error|warning?
      """),
  ]
}
