/// The lines of the exit-code matrix (`ExitMatrixTests`).
enum ExitSessions {
  typealias Session = ExitMatrixTests.Session

  static let all = [orders, batches, closings, ladder, controls, live, reads, without, files, secrets, venues]

  private static let orders = Session(
    name: "orders",
    lines: """
      oms run --detach -q
      0 order buy BTC-USDT 0.001 --limit 30000
      2 order buy BTC-USDT 0.001
      14 order buy BTC-USDT 10000 --limit 30000
      18 order buy BTC-USDT 1 --limit 1 -a sim.nobody
      rest a
      19 order buy BTC-USDT 0.002 --limit 30000 --id a
      fault --reject -2010
      20 order buy BTC-USDT 0.001 --limit 30000
      fault --auth-fail
      21 order buy BTC-USDT 0.001 --limit 30000
      fault --rate-limit 1
      22 order buy BTC-USDT 0.001 --limit 30000
      fault --reject -1016
      23 order buy BTC-USDT 0.001 --limit 30000
      well
      24 order buy BTC-USDT 0.001 --limit 30000 --tif ioc --wait filled
      fault --drop-ack 1
      30 order buy BTC-USDT 0.001 --limit 30000 --timeout 100ms
      well
      31 order buy BTC-USDT 0.001 --limit 30000 --wait filled --timeout 50ms
      130 INT order buy BTC-USDT 0.001 --limit 30000 --wait filled --timeout 9s
      143 TERM order buy BTC-USDT 0.001 --limit 30000 --wait filled --timeout 9s
      rest b
      0 amend b --limit 31000
      2 amend b --limit x
      14 amend b --qty 100000
      18 amend nobody --limit 1
      fault --reject -2010
      20 amend b --limit 32000
      fault --reject -2010
      20 amend b --qty 0.002
      fault --auth-fail
      21 amend b --limit 32001
      fault --rate-limit 1
      22 amend b --limit 32002
      fault --reject -1016
      23 amend b --limit 32003
      well
      oms cancel b -q
      24 amend b --limit 32004
      rest c
      fault --drop-ack 1
      30 amend c --limit 32004 --timeout 100ms
      well
      19 amend c --limit 32005 --timeout 100ms
      rest d
      0 cancel d
      2 cancel
      18 cancel nobody
      oms order buy BTC-USDT 0.001 --market --id f --wait filled -q
      24 cancel f
      rest g
      fault --lost-cancel 1
      30 cancel g --timeout 100ms
      well
      rest h
      32 cancel h nobody
      rest i
      fault --auth-fail
      21 cancel i --timeout 200ms
      well
      rest j
      fault --disconnect 2s
      16 order buy BTC-USDT 0.001 --limit 30000
      16 amend j --limit 31000
      30 cancel j --timeout 50ms
      linked
      0 pause
      15 order buy BTC-USDT 0.001 --limit 30000
      15 amend i --qty 0.1
      0 resume
      """)

  private static let batches = Session(
    name: "batches",
    lines: #"""
      oms run --detach -q
      line() { echo "{\"symbol\":\"BTC-USDT\",\"side\":\"buy\",\"qty\":\"0.001\",\"limit\":\"30000\"$1}"; }
      line > good
      line ',"id":"b"' > named
      line ',"account":"sim.nobody"' > stranger
      line ',"qty":"x"' > bad
      line | sed s/0.001/10000/ > large
      cat good large > mixed
      echo '{"op":"amend","id":"gone","limit":"31000"}' > late
      0 batch good
      2 batch missing
      2 batch bad
      14 batch large
      18 batch stranger
      0 batch named
      sed s/0.001/0.002/ named > changed
      19 batch changed
      fault --reject -2010
      20 batch good
      fault --auth-fail
      21 batch good
      fault --rate-limit 1
      22 batch good
      fault --reject -1016
      23 batch good
      well
      rest gone
      oms cancel gone -q
      24 batch late
      fault --drop-ack 1
      30 batch good --timeout 100ms
      well
      32 batch mixed
      mkfifo pipe
      sleep 9 > pipe & holder=$!
      130 INT batch pipe
      143 TERM batch pipe
      kill $holder
      fault --disconnect 2s
      16 batch good
      linked
      0 pause
      15 batch good
      """#)

  private static let closings = Session(
    name: "closings",
    lines: """
      oms run --detach -q
      hold
      0 flatten -a all
      2 flatten --nope
      18 flatten -a sim.nobody
      hold
      fault --reject -2010:9
      20 flatten -a all --timeout 1s
      fault --auth-fail
      21 flatten -a all --timeout 1s
      fault --rate-limit 30
      22 flatten -a all --timeout 1s
      fault --reject -1016:9
      23 flatten -a all --timeout 1s
      well
      oms order buy ETH-USDT-PERP 0.1 --market --wait filled -a sim.sub01 -q
      fault --reject -2010:5
      32 flatten -a all --timeout 1s
      well
      hold
      fault --drop-ack 9
      30 flatten -a all --timeout 50ms
      well
      0 guard -- true
      2 guard
      fault --lost-cancel 9
      30 guard --timeout 100ms -- oms order buy BTC-USDT 0.001 --limit 30000 -q
      fault --lost-cancel 1
      32 guard --timeout 100ms -- bash -c 'for n in 1 2; do oms order buy BTC-USDT 0.001 --limit 30000 -q; done'
      well
      oms cancel --all -a all -q
      rest s1
      fault --lost-cancel 1
      30 stop --orders cancel --timeout 100ms
      well
      oms cancel --all -a all -q
      rest s2
      rest s3
      fault --lost-cancel 1
      32 stop --orders cancel --timeout 100ms
      well
      0 stop --orders keep
      """)

  private static let ladder = Session(
    name: "the stop ladder",
    lines: """
      oms run --detach -q
      0 pause
      15 status
      0 resume
      0 halt -a sim.sub01
      18 pause -a sim.nobody
      18 halt -a sim.nobody
      18 kill -a sim.nobody
      18 resume -a sim.nobody
      2 pause --nope
      rest k
      fault --lost-cancel 1
      30 kill --timeout 100ms
      12 resume
      0 resume --confirm all
      well
      rest k1
      rest k2
      fault --lost-cancel 1
      32 kill --timeout 100ms
      0 resume --confirm all
      well
      0 kill
      15 risk check buy BTC-USDT 0.001 --limit 30000
      """)

  private static let controls = Session(
    name: "controls",
    lines: """
      oms run --detach -q
      0 risk set max_open_orders 5 -a sim.main
      18 risk set max_open_orders 5 -a sim.nobody
      2 risk set max_open_orders x
      0 risk reset
      18 risk reset -a sim.nobody
      0 snapshot take
      0 reconcile
      18 reconcile -a sim.nobody
      oms sim account sim.main --set BTC=3 --silent
      41 reconcile
      oms reconcile --fix -q
      fault --disconnect 2s
      31 reconcile --timeout 100ms
      linked
      0 deadman arm 60s
      18 deadman arm 60s -a sim.nobody
      2 deadman arm 1
      0 deadman status
      18 deadman status -a sim.nobody
      0 deadman disarm
      18 deadman disarm -a sim.nobody
      fault --auth-fail
      20 deadman arm 60s --timeout 1s
      well
      0 sim price BTC-USDT 60000
      18 sim price GOLD-USDT 1
      rest x
      0 sim fill x
      18 sim fill nobody
      0 sim account sim.main --set BTC=2
      18 sim account sim.nobody --set BTC=1
      0 sim book BTC-USDT --spread 1bps
      18 sim book GOLD-USDT --spread 1bps
      0 sim fault --stale-feed BTC-USDT
      18 sim fault --stale-feed GOLD-USDT
      0 sim latency 0s
      2 sim latency 1
      0 sim clock run
      2 sim clock 1h
      0 sim reset
      oms wait --when 'BTC-USDT.last < 1' --job nightly --lock-wait 20s -q 2> said & holder=$!
      until ! oms status --job nightly -q 2> said; do sleep 0.01; done
      17 order buy BTC-USDT 0.001 --limit 30000 --job nightly
      kill $holder
      """)

  private static let live = Session(
    name: "real money",
    lines: """
      mkdir conf
      funds='sim_balances: { USDT: "100000", BTC: "1" }'
      echo "accounts: { sim: { drill: { type: main, mode: live, $funds }, paper: { type: main, $funds } } }" > conf/accounts.yaml
      limits() { echo "account: { '*': { max_order_notional: '$1 USDT' } }" > conf/risk.yaml; }
      limits 50000
      order='order buy BTC-USDT 0.001 --limit 40000 -a sim.drill'
      12 run -C conf --live -- true
      0 run -C conf --live --yes -- true
      13 run -C conf -- oms $order --live --yes
      oms run -C conf --live --yes --detach -q
      13 $order
      12 $order --live
      0 $order --live --yes --id a
      14 order buy BTC-USDT 1000 --limit 40000 -a sim.drill --live
      13 amend a --limit 41000
      12 amend a --limit 41000 --live
      14 amend a --qty 100 --live
      0 amend a --limit 41000 --live --yes
      12 cancel --all -a sim.drill
      echo '{"symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"30000","account":"sim.drill"}' > line
      13 batch line
      12 batch line --live
      0 batch line --live --yes
      0 cancel a
      13 flatten -a all
      12 flatten -a all --live
      12 flatten --live --yes
      12 flatten -a all --live --confirm sim.drill
      0 flatten -a all --live --yes
      0 flatten --live --confirm all
      12 risk set max_order_notional 60000
      0 risk set max_order_notional 40000 -a sim.drill
      12 risk set max_order_notional 45000 -a sim.drill
      0 risk set max_order_notional 45000 -a sim.drill --yes
      12 risk reset -a sim.drill
      0 risk reset -a sim.drill --confirm sim.drill
      13 risk check buy BTC-USDT 0.001 --limit 40000 -a sim.drill
      limits 90000
      12 config reload
      0 config reload --yes
      13 kill --flatten
      oms resume --confirm all -q
      12 kill --flatten --live
      12 resume
      0 resume --confirm all
      13 stop --flatten --yes
      12 stop --flatten --live
      0 stop --flatten --yes --live
      """)

  private static let reads = Session(
    name: "reads",
    lines: #"""
      oms run --state "$PWD/state" --detach -q
      rest a
      0 orders
      18 orders nobody
      2 orders --open --done
      0 fills
      18 fills -a sim.nobody
      0 positions
      18 positions -a sim.nobody
      0 balances
      18 balances -a sim.nobody
      0 pnl
      18 pnl -a sim.nobody
      0 exposure
      18 exposure -a sim.nobody
      0 accounts
      18 accounts show sim.nobody
      0 risk show
      18 risk show -a sim.nobody
      0 risk check buy BTC-USDT 0.001 --limit 30000
      14 risk check buy BTC-USDT 10000 --limit 30000
      18 risk check buy GOLD-USDT 1 --limit 1
      0 symbols
      18 symbols --venue mars
      0 ticker BTC-USDT
      18 ticker GOLD-USDT
      40 ticker BTC-USDT --max-age 1ns
      0 book BTC-USDT
      18 book GOLD-USDT
      40 book BTC-USDT --max-age 1ns
      0 trades BTC-USDT
      18 trades GOLD-USDT
      0 candles BTC-USDT --interval 1m
      18 candles GOLD-USDT --interval 1m
      0 funding BTC-USDT-PERP
      18 funding BTC-USDT
      0 events
      2 events --take 0
      18 events -a sim.nobody
      31 events --follow --idle 50ms --type transfer
      oms cancel a -q
      24 events --id a --from-start --until-done
      130 INT events -f
      143 TERM events -f
      0 logs
      2 logs -n 1 --since today
      18 logs -I nobody
      130 INT logs -f
      143 TERM logs -f
      0 wait a --for done
      2 wait
      18 wait nobody --for known
      24 wait a --for filled
      31 wait other --for exists --timeout 50ms
      fault --drop-ack 1
      oms order buy BTC-USDT 0.01 --limit 30000 --id lost --timeout 10ms -q 2> said
      30 wait lost --for ack --timeout 10ms
      well
      0 status
      18 snapshot show 4711
      0 snapshot take
      0 snapshot list
      one=$(oms snapshot list -o id)
      0 snapshot show $one
      0 snapshot diff $one $one
      rest b
      oms snapshot take -q
      41 snapshot diff $one
      18 snapshot diff 4711
      17 snapshot restore $one --state "$PWD/state" --yes
      17 run --state "$PWD/state" --detach
      17 journal finish
      0 config diff
      0 config reload
      0 check engine
      0 doctor --offline
      oms stop -q
      oms wait --engine stopped -q
      0 journal verify state/journal
      0 journal dump state/journal
      18 journal verify nowhere
      18 journal dump nowhere
      cp -r state spoilt
      dd if=/dev/zero of="$(ls spoilt/journal/* | head -1)" bs=1 seek=9000 count=64 conv=notrunc 2> said
      41 journal verify spoilt/journal
      41 journal dump spoilt/journal
      12 snapshot restore $one --state "$PWD/state"
      18 snapshot restore 4711 --state "$PWD/state" --yes
      0 snapshot restore $one --state "$PWD/state" --yes
      0 snapshot prune --keep 14d
      0 journal finish --state "$PWD/state"
      18 journal finish --state "$PWD/nowhere"
      """#)

  private static let without = Session(
    name: "without an engine",
    lines: """
      16 order buy BTC-USDT 1 --market
      16 amend a --limit 1
      16 cancel a
      echo '{}' > line
      16 batch line
      16 flatten -a all
      16 pause
      16 halt
      16 resume
      16 guard -- true
      16 stop
      16 status
      16 reconcile
      16 deadman arm 60s
      16 risk set max_open_orders 5
      16 snapshot take
      16 sim reset
      16 events
      16 config reload
      31 wait --engine ready --timeout 50ms
      0 wait --engine stopped
      32 kill
      2 check engine
      1 doctor --strict
      0 INT run -I other
      0 TERM run -I other
      """)

  private static let files = Session(
    name: "files",
    lines: """
      mkdir conf
      echo 'acounts: {}' > conf/accounts.yaml
      10 run -C conf
      10 config check -C conf
      10 config show -C conf
      10 snapshot restore 1 -C conf
      echo 'accounts: {}' > conf/accounts.yaml
      0 config check -C conf
      0 config show -C conf
      0 config get report_currency -C conf
      18 config get nonsense -C conf
      0 config init --dir made
      0 config schema oms
      0 config path
      0 version
      0 path state
      0 explain 30
      18 explain nonsense
      0 schema order
      0 help
      0 man order
      0 completion bash
      0 bench --list
      18 bench nonsense
      """)
}
