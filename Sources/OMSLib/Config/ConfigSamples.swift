/// The samples that `oms config init` writes: the files of `configs/`, byte for byte.
package enum ConfigSamples {
  package struct Sample: Sendable {
    package let name: String
    package let text: String
  }

  package static let all = [oms, exchanges, accounts, risk, strategies]

  /// What a first configuration needs: accounts and their limits.
  package static let minimal = [
    Sample(
      name: AccountsFile.name,
      text: """
        # Accounts, by exchange; `oms config schema accounts` tells what else may stand here.
        accounts:
          sim:
            main:
              type: main
              mode: paper

        """),
    Sample(
      name: RiskFile.name,
      text: """
        # Limits; what is absent keeps its built-in value (`oms risk show`).
        version: 1
        account:
          "*": { max_order_notional: "50000 USDT", daily_loss: "2000 USDT" }

        """),
  ]

  private static let oms = Sample(
    name: OMSFile.name,
    text: #"""
      # The engine as a whole. Every key has the value it would have without this file, unless a comment says otherwise.
      version: 1
      # instance: default               # these files are of this instance alone: another one does not start with them
      default_account: sim.main         # what `oms order` uses without -a; must be a paper account
      instance_tag: a1b2c               # five of 0-9 and a-v; without it paper runs, a live account does not (no default)
      report_currency: USDT             # limits, P&L and totals are kept in it

      # strict: what can open risk waits until it is on disk. group: nothing waits, a sync always runs. async: every 100 ms.
      # automatic: strict as soon as one account is live, else group.
      durability: automatic
      journal: { segment: 64MiB, retain: 30d, fallback: "" }   # fallback: a directory on another file system
      snapshot: { every: 1h, keep: 14d }
      log: { level: info, retain: forever }

      data_dir: ""                      # root of logs, snapshots and reports; empty: the state directory
      cpu: {}                           # for example { core: 2, sim: 3 }; empty: the engine chooses
      operators: []                     # Ed25519 public keys that may command over NATS
      nats: { url: "", retain: 30d, replicas: 1 }              # empty: events stay in the local journal
      gateway: { listen: "", tls_cert: "", tls_key: "" }       # empty: no gateway

      """#)

  private static let exchanges = Sample(
    name: ExchangesFile.name,
    text: #"""
      # What speaks for each exchange that accounts.yaml names. `sim` is the built-in exchange, in the engine,
      # without network; several exchanges may use it, each with markets and accounts of its own. `binance` is the real one.
      version: 1
      exchanges:
        sim:
          adapter: sim
          seed: 1                                       # of all price walks and faults; the first exchange's counts
          # fees: { maker_bps: "10", taker_bps: "10" }  # on all its markets; without: 10 on spot, 2 and 5 on perpetuals
          symbols:                                      # without this list: the four below
            - { symbol: BTC-USDT, tick: "0.01", lot: "0.00001", start_price: "60000" }
            - { symbol: ETH-USDT, tick: "0.01", lot: "0.0001", start_price: "3000" }
            - { symbol: BTC-USDT-PERP, tick: "0.1", lot: "0.001", start_price: "60000", max_leverage: 125 }
            - { symbol: ETH-USDT-PERP, tick: "0.01", lot: "0.001", start_price: "3000", max_leverage: 125 }
        # binance:                                        # spoken to by `oms run --live`, for its live accounts only
        #   adapter: binance
        #   environment: testnet                          # production (default), testnet, demo; or `endpoints` of your own
        #   markets: [BTC-USDT, BTC-USDT-PERP]            # what is traded of all it lists
        #   receive_window: 1s                            # how long an order may be on its way

      """#)

  private static let accounts = Sample(
    name: AccountsFile.name,
    text: #"""
      # Accounts, by exchange. On the command line the first one below is `sim.main`.
      #
      # Secrets never stand in this file. `api_key_vault_path: NAME` names a key in the vault; `key:` takes vault:PATH,
      # keystore:NAME or credential:NAME. What is not said has a safe default: paper, spot and futures, orders kept on exit.
      accounts:
        sim:
          main:
            type: main
            mode: paper                     # paper (default) or live
            sim_balances: { USDT: "100000", BTC: "1", ETH: "10" }

          sub_trend:
            type: sub
            parent: main
            spot_enabled: false
            strategy: "trend_following"
            max_leverage: 10
            max_position_usdt: 50000
            on_exit: cancel                 # keep (default) or cancel its open orders when the engine stops
            position_mode: one_way          # or hedge: a long and a short position of each perpetual side by side
            permissions: [read, trade]      # and transfer; all three by default
            sim_balances: { USDT: "25000" }

          # One entry, many accounts: sim.sub001 to sim.sub020.
          subs:
            type: sub
            parent: main
            max_balance_usdt: 20000
            generate: { count: 20, name: "sub%03d", api_key_vault_path: "sim_sub%03d" }
            sim_balances: { USDT: "1500" }

      # `-a @desk` means all of them. Members are accounts or patterns.
      groups:
        desk: [sim.main, "sim.sub0*"]

      account_routing:
        default: main
        strategies:
          trend_following: sub_trend
        balance_rules:
          min_main_balance: 10000
          max_sub_balance: 50000
        rebalance:
          enabled: false
          schedule: "daily"
          time: "00:00 UTC"

      """#)

  private static let risk = Sample(
    name: RiskFile.name,
    text: #"""
      # Limits. Each has a value at every scope; what is absent here keeps its built-in value (`oms risk show` prints both).
      # Amounts name their currency, fractions are written 10% or 50bps. "*" is each that has no value of its own; accounts
      # may also be a group (@desk) or a pattern ("sim.sub0*").
      version: 1
      global:
        max_gross_notional: "500000 USDT"
        max_orders_per_second: 5000
        kill_on: [feed_stale, drift]

      venue:
        sim: { max_gross_notional: "400000 USDT" }

      account:
        "*":
          max_order_notional: "50000 USDT"
          max_open_orders: 500
          max_position: { BTC: "2", ETH: "40" }         # base quantity, working orders counted
          max_slippage: 50bps                           # bound of a market order
          collar: 10%                                   # distance of a limit price from the touch
          daily_loss: "2000 USDT"
          drawdown: { mild: 5%, moderate: 10%, severe: 15% }
        "@desk": { max_gross_notional: "100000 USDT" }
        sim.sub_trend: { max_order_notional: "10000 USDT", min_liquidation_distance: 5% }

      symbol:
        BTC-USDT: { max_order_quantity: "1.5", max_market_age: 2s }

      strategy:
        "*": { max_position: "10000 USDT", daily_loss: "1000 USDT" }

      """#)

  private static let strategies = Sample(
    name: StrategiesFile.name,
    text: #"""
      # Strategies by name. A reference to an account or exchange that is not configured is a warning: that leg stays off.
      strategies:
        trend_following:
          enabled: false
          instruments:
            - symbol: BTC/USDT
              exchange: sim
              account: sub_trend

        # Stops all strategies.
        kill_switch:
          max_daily_loss: 5000
          max_consecutive_losses: 10
          emergency_contacts:
            - email: "trader@example.com"

      """#)
}
