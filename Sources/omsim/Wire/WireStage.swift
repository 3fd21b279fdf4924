import OMSLib

/// An exchange behind TCP or TLS that speaks Binance's protocols, and live engines that trade there.
struct WireStage: ~Copyable, CrashWorld {
  struct Setting {
    var isEncrypted = false
    var isStrict = true
    var seed: UInt64 = 1
    /// Sub-accounts beside the main one.
    var subs = 3
    /// How many times the real one's limits hold: many accounts start anew again and again.
    var limitFactor = 100
    var ordersByREST = false
  }

  static let exchange = CrashClient.Exchange(
    name: "binance", accounts: ["main", "sub1", "sub2", "sub3"], isLive: true)
  static var startMicroseconds: UInt64 { 1_500_000 }
  static let receiveMilliseconds: Int64 = 500

  let isStrict: Bool
  var engine: CrashEngine
  let served: ServedExchange
  private var troubles = 0

  private static let secret = "passphrase"
  private static let words = ["--live", "--yes", "--passphrase-fd", "3"]

  static func open(name: String, directory: String, _ setting: Setting) throws(CrashError) -> WireStage {
    let engine = try CrashEngine(name: name, directory: directory, words: Self.words, secret: Self.secret)
    try CrashFiles.makeDirectory(engine.state)
    // Of made-up keys.
    try CrashFiles.write("a campaign\n", to: directory + "/" + Self.secret)
    let served = try ServedExchange(
      ["--accounts", "\(setting.subs + 1)", "--seed", "\(setting.seed)", "--limits", "\(setting.limitFactor)"]
        + (setting.isEncrypted ? ["--tls"] : []), state: engine.state, directory: directory, secret: Self.secret,
      engine.variables)
    var stage = WireStage(isStrict: setting.isStrict, engine: engine, served: served)
    do throws(CrashError) { try stage.configure(setting) } catch {
      stage.clear()
      throw error
    }
    return stage
  }

  private init(isStrict: Bool, engine: CrashEngine, served: ServedExchange) {
    self.isStrict = isStrict
    self.engine = engine
    self.served = served
  }

  private func configure(_ setting: Setting) throws(CrashError) {
    let conf = engine.directory + "/conf/"
    try CrashFiles.write(
      """
      instance_tag: a1b2c
      default_account: ""
      durability: \(isStrict ? "strict" : "group")
      journal: { segment: 16MiB }

      """, to: conf + "oms.yaml")
    try CrashFiles.write(
      """
      exchanges:
        binance:
          adapter: binance
          markets: [BTC-USDT, ETH-USDT, BTC-USDT-PERP]
          order_entry: \(setting.ordersByREST ? "rest" : "websocket")
          receive_window: \(Self.receiveMilliseconds)ms
          ca: "\(served.authority)"
          endpoints: \(served.endpoints)

      """, to: conf + "exchanges.yaml")
    var accounts = "accounts:\n  binance:\n"
    for (number, account) in served.accounts.enumerated() {
      let kind = number == 0 ? "type: main" : "type: sub, parent: main"
      accounts += "    \(account.name): { \(kind), mode: live, api_key_vault_path: \(account.entry) }\n"
    }
    try CrashFiles.write(accounts, to: conf + "accounts.yaml")
    // What is tried is the wire; the limits have campaigns of their own.
    let amounts = [
      "max_order_notional", "max_gross_notional", "max_net_notional", "max_var", "daily_loss", "max_balance",
    ].map { "\($0): \"1000000000 USDT\"" }.joined(separator: ", ")
    let limits = "\(amounts), max_open_orders: 100000, max_orders_per_second: 100000"
    try CrashFiles.write(
      """
      global: { \(limits) }
      venue: { binance: { \(limits) } }
      account: { "*": { \(limits), max_position: "1000000000 USDT" } }
      symbol: { "*": { \(limits), max_market_age: 1h } }

      """, to: conf + "risk.yaml")
  }

  // MARK: Accounts

  /// All but the main one, as the engine calls them.
  var subAccounts: [String] { served.accounts.dropFirst().map { "\(Self.exchange.name).\($0.name)" } }

  /// Until orders of each sub-account would be taken.
  func waitForAccounts(_ line: inout CrashLine) throws(CrashError) {
    let clock = SystemClock()
    let deadline = clock.monotonic() + 180_000_000_000
    let names = Set(subAccounts)
    while true {
      let ready = try line.ask(RequestDraft("accounts")).filter {
        names.contains($0.text("account")) && $0.text("state") == "ready"
      }
      if ready.count == names.count { return }
      guard clock.monotonic() < deadline else {
        throw CrashError("only \(ready.count) of \(names.count) accounts are ready")
      }
      clock.pause(milliseconds: 50)
    }
  }

  // MARK: As a world

  func setFrozen(_ isFrozen: Bool, _ line: inout CrashLine) throws(CrashError) {
    try served.steer(["clock", isFrozen ? "freeze" : "run"])
  }

  /// One time in three: links that break, answers that never come, news that come late or twice.
  mutating func makeTrouble(_ random: inout SplitMix64) throws(CrashError) {
    guard random.chance(1, in: 3) else { return }
    let faults = [
      ["--disconnect", "\(20 + random.below(300))ms"], ["--reset-answer", "1"], ["--lost-answer", "2"],
      ["--lost-request", "2"], ["--drop-ack", "2"], ["--dup-ack", "4"], ["--late-event", "200ms"],
      ["--repeat-event", "100ms"], ["--rate-limit", "2"], ["--lost-event", "2"], ["--lost-fill", "1"],
    ]
    troubles += 1
    try served.steer(["fault"] + faults[Int(random.below(UInt64(faults.count)))])
  }

  mutating func endTrouble() throws(CrashError) {
    guard troubles > 0 else { return }
    troubles = 0
    try served.steer(["fault", "--clear"])
  }

  func facts() throws(CrashError) -> CrashJudge.Facts { facts(in: try served.dump()) }

  func facts(in books: [JSONValue]) -> CrashJudge.Facts {
    CrashJudge.facts(ofDump: books, of: Self.exchange.name, Set(served.accounts.map(\.name)))
  }

  func judge() throws(CrashError) -> String {
    WireAudit(of: engine).findings(in: try served.dump()).joined(separator: "; ")
  }

  mutating func finish(_ ledger: CrashJudge.Facts) throws(CrashError) { try served.end() }

  mutating func clear() {
    engine.clear()
    served.kill()
  }
}
