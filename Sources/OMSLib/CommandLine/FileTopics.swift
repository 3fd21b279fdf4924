// The configuration files, key by key. A test compares the keys with those that the readers take.

extension HelpTopic {
  package static let configurationFiles: [HelpTopic] = [
    omsFile, accountsFile, exchangesFile, strategiesFile, riskFile,
  ]

  private static let strictness = Block.text(
    """
    Files are read strictly: an unknown key, a tab, an anchor, a number that would be rounded or a secret is an error \
    with file, line and column. Decimals are plain digits. Without the file everything has its default.
    """)

  private static let omsFile = HelpTopic(
    "oms.yaml", "The engine as a whole",
    [
      strictness,
      .terms([
        ("version", "1"),
        (
          "instance",
          "whose files these are, 1 to 32 of a-z, 0-9, - and _: no other instance starts with them; -I names the instance"
        ),
        ("instance_tag", "five of 0-9 and a-v, in every order at a venue; a live account needs one of its own"),
        ("default_account", "the account of sending commands without -a; must be a paper account"),
        ("report_currency", "what limits, profit and totals are kept in; USDT"),
        ("data_dir", "root of logs, snapshots and reports; empty: the state directory"),
        ("durability", "strict, group, async or automatic (strict as soon as one account is live)"),
        ("cpu", "CPUs by role, for example { core: 2, sim: 3 }; empty: the engine chooses"),
        ("operators", "Ed25519 public keys that may command over NATS"),
      ]),
      .heading("journal"),
      .terms([
        ("segment", "bytes of one segment, a power of two: 64MiB"), ("retain", "how long old segments stay: 30d"),
        ("fallback", "a directory on another file system, for when the first one fails"),
      ]),
      .heading("snapshot"),
      .terms([("every", "time between snapshots: 1h"), ("keep", "how long they stay: 14d")]),
      .heading("log"),
      .terms([("level", "the least level that is written: info"), ("retain", "how long the daily files stay: forever")]
      ),
      .heading("nats"),
      .terms([
        ("url", "the server; empty: none"), ("retain", "how long the stream keeps: 30d"),
        ("replicas", "copies of the stream: 1 to 5"),
      ]),
      .heading("gateway"),
      .terms([
        ("listen", "HOST:PORT; empty: no gateway"), ("tls_cert", "file with the certificate"),
        ("tls_key", "file with its key"),
      ]),
    ])

  private static let accountsFile = HelpTopic(
    "accounts.yaml", "Accounts by exchange, and groups of them",
    [
      strictness,
      .text(
        """
        `accounts` holds exchanges, an exchange holds accounts: accounts.sim.main is sim.main on the command line. \
        Secrets never stand in this file, only where they are.
        """),
      .heading("Of each account"),
      .terms([
        ("type", "main or sub"), ("parent", "the main account of a sub-account"),
        ("mode", "paper (default) or live"),
        ("key", "vault:PATH, keystore:NAME or credential:NAME"),
        ("api_key_vault_path", "the same as key: vault:PATH"),
        ("spot_enabled", "whether it may trade spot; true"),
        ("futures_enabled", "whether it may trade derivatives; true"),
        ("position_mode", "one_way (default) or hedge: a long and a short position side by side"),
        ("permissions", "read, trade, transfer; all three by default"),
        ("on_exit", "keep (default) or cancel: what becomes of open orders when the engine stops"),
        ("strategy", "the strategy that uses it"),
        ("max_balance_usdt", "limit max_balance of the account"),
        ("max_position_usdt", "limit max_position of the account"), ("max_leverage", "limit max_leverage"),
        ("sim_balances", "funds on the built-in exchange: { USDT: \"1500\" }"),
        ("generate", "many accounts from one entry: count, name (\"sub%03d\"), api_key_vault_path"),
      ]),
      .heading("groups"),
      .text("Lists of accounts and patterns by name; -a @NAME means all of them."),
      .heading("account_routing"),
      .terms([
        ("default", "the account of strategies that name none"), ("strategies", "the account of each strategy"),
        ("balance_rules", "min_main_balance, max_sub_balance"),
        ("rebalance", "enabled, schedule, time (\"00:00 UTC\")"),
      ]),
      .verbatim(
        """
        accounts:
          sim:
            main: { type: main, mode: paper, sim_balances: { USDT: "100000", BTC: "1" } }
            subs:
              type: sub
              parent: main
              generate: { count: 20, name: "sub%03d" }
        groups:
          desk: [sim.main, "sim.sub0*"]
        """),
    ])

  private static let exchangesFile = HelpTopic(
    "exchanges.yaml", "What speaks for each exchange",
    [
      strictness,
      .text("`exchanges` holds one entry for each exchange that accounts.yaml names."),
      .heading("Of each exchange"),
      .terms([
        ("adapter", "which code speaks to it; sim is the built-in exchange"),
        ("endpoints", "by product: rest, ws_api, streams"), ("order_entry", "websocket (default) or rest"),
        ("receive_window", "how old a request may be when it arrives"),
        ("visibility_window", "how long an order may be invisible after it was taken"),
        ("rate", "reserve_for_cancels: the share of the allowance kept for cancels"),
        ("deadman", "by product: the time of the exchange's own countdown"), ("fees", "maker_bps, taker_bps"),
        ("seed", "of the price walk of a built-in exchange"), ("symbols", "what a built-in exchange lists"),
      ]),
      .heading("Of each symbol of a built-in exchange"),
      .terms([
        ("symbol", "canonical name"), ("tick", "step of prices"), ("lot", "step of quantities"),
        ("start_price", "where its market starts"), ("max_quantity", "of one order"),
        ("min_notional", "smallest price times quantity"), ("max_leverage", "1 to 125, of a perpetual"),
      ]),
      .verbatim(
        """
        version: 1
        exchanges:
          sim:
            adapter: sim
            seed: 1
            fees: { maker_bps: "10", taker_bps: "10" }
        """),
    ])

  private static let strategiesFile = HelpTopic(
    "strategies.yaml", "Strategies and what they trade",
    [
      strictness,
      .text(
        """
        `strategies` holds one entry for each strategy. What a strategy wants is its own affair; references to accounts \
        and exchanges are compared with what is configured, and one that is not is a warning: that leg stays off.
        """),
      .terms([("enabled", "whether it is used; true")]),
      .heading("strategies.kill_switch"),
      .terms([
        ("max_daily_loss", "stops all strategies"), ("max_consecutive_losses", "stops all strategies"),
        ("emergency_contacts", "a list of { KIND: ADDRESS }"),
      ]),
    ])

  private static let riskFile = HelpTopic(
    "risk.yaml", "Limits per account, exchange, symbol, strategy and in total",
    [
      strictness,
      .text(
        """
        What is absent keeps its built-in value; `oms risk show` prints both. Amounts name their currency ("1000 USDT"), \
        shares are written 10% or 50bps. Below `venue`, `account`, `symbol` and `strategy` stand names; "*" is each that \
        has no value of its own, accounts may also be a group (@desk) or a pattern.
        """),
      .terms([
        ("global", "limits of everything together; kill_on: what shuts the gate (feed_stale, drift, ...)"),
        ("venue, account, symbol, strategy", "limits by name"),
      ]),
      .heading("Limits"),
      .terms([
        ("max_order_quantity", "of one order, base quantity"), ("max_order_notional", "of one order"),
        ("max_position", "an amount; of accounts also base quantities by asset; working orders counted"),
        ("max_gross_notional", "positions and open orders together"), ("max_net_notional", "long minus short"),
        ("max_open_orders", "at a time"), ("max_orders_per_second", "new orders and amends"),
        ("max_leverage", "exposure over equity"),
        ("min_liquidation_distance", "of a position, as a share of its price"),
        ("max_var", "value at risk"), ("daily_loss", "of the day; reducing goes on"),
        ("drawdown", "from the peak: mild, moderate, severe"), ("collar", "distance of a limit price from the touch"),
        ("max_slippage", "bound of a market order"), ("max_market_age", "how old a price may be"),
        ("max_repeated_rejects", "of the same kind in a row"), ("max_balance", "of an asset"),
      ]),
      .verbatim(
        """
        version: 1
        global: { max_gross_notional: "500000 USDT" }
        account:
          "*": { max_order_notional: "50000 USDT", collar: 10% }
          sim.sub01: { max_order_notional: "10000 USDT" }
        """),
    ])
}
