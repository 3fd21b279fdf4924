import Foundation
import Testing

/// A walk through what the commands promise, each stop against the real engine: what is answered, what is refused, and
/// with which exit code.
@Suite struct TourTests {
  struct Stop: Sendable, CustomTestStringConvertible {
    let name: String
    let script: String
    let output: [String]

    var testDescription: String { name }
  }

  static let stops = [
    Stop(
      name: "instruments and accounts are listed, and what is not there has a name",
      script: """
        oms symbols -o tsv --fields symbol,class,tick,lot,status
        oms symbols 'BTC-*' --class perp -o id
        oms symbols --venue mars 2> said; echo "$? $(grep -c notfound.venue said)"
        oms accounts -o tsv --fields account,state,trading,ws
        oms accounts show sim.main -o tsv --fields mode,equity_ccy
        oms accounts show sim.nobody -q 2> said; echo "$? $(grep -c notfound.account said)"
        """,
      output: [
        "BTC-USDT\tspot\t0.01\t0.00001\ttrading", "ETH-USDT\tspot\t0.01\t0.0001\ttrading",
        "BTC-USDT-PERP\tperp\t0.1\t0.001\ttrading", "ETH-USDT-PERP\tperp\t0.01\t0.001\ttrading", "BTC-USDT-PERP",
        "18 1", "sim.main\tready\ton\tup", "sim.sub01\tready\ton\tup", "sim.sub02\tready\ton\tup",
        "sim.sub03\tready\ton\tup", "paper\tUSDT", "18 1",
      ]),
    Stop(
      name: "an amount may be money, a share, or all there is",
      script: """
        oms order buy BTC-USDT --quote 500 --limit 50000 --id money -o tsv --fields qty,price
        oms order buy BTC-USDT --quote 500 --limit 50000 --id money -o tsv --fields qty,replayed
        oms order buy BTC-USDT --quote 0.01 --limit 50000 -q; echo $?
        oms order sell BTC-USDT 50% --limit 90000 -o tsv --fields qty
        oms order sell BTC-USDT all --limit 91000 -o tsv --fields qty
        oms order sell BTC-USDT all --limit 91000 -q; echo $?
        oms order sell BTC-USDT-PERP all --limit 91000 -q; echo $?
        """,
      output: ["0.01000\t50000.00", "0.01000\ttrue", "14", "0.50000", "0.50000", "14", "2"]),
    Stop(
      name: "an order lives as long as it was told",
      script: """
        place() { oms order buy BTC-USDT 0.001 --limit 40000 "$@"; }
        place --tif gtd:2100-01-01 -o tsv --fields tif,expires
        place --tif day -o tsv --fields expires | grep -c 'T00:00:00.000000000Z'
        place --expire 1h --id hour -o tsv --fields tif,status
        place --expire 1h --id hour -o tsv --fields replayed
        place --tif gtd:2000-01-01 -q; echo $?
        place --expire 1h --tif ioc -q; echo $?
        place --strategy nobody -q; echo $?
        """,
      output: ["gtd\t2100-01-01T00:00:00.000000000Z", "1", "gtd\topen", "true", "2", "2", "18"]),
    Stop(
      name: "what is too fine is refused, or rounded as asked",
      script: """
        place() { oms order buy BTC-USDT 0.0010001 --limit 40000.001 "$@"; }
        place -q; echo $?
        place --round down -o tsv --fields qty,price
        place --round up -o tsv --fields qty,price
        oms order buy BTC-USDT 0.001 --limit 40000.006 --round nearest -o tsv --fields price
        oms order buy BTC-USDT 0.0000001 --limit 40000 --round down -q; echo $?
        oms order buy mars:BTC-USDT 1 --market -q; echo $?
        """,
      output: ["2", "0.00100\t40000.00", "0.00101\t40000.01", "40000.01", "2", "18"]),
    Stop(
      name: "an amend changes the order or says why not",
      script: """
        oms order buy BTC-USDT 0.01 --limit 40000 --id a -q
        oms amend a --limit 41000 -o tsv --fields status,price
        oms amend a --qty 0.02 -o tsv --fields qty
        oms amend a --limit 41000.001 -q; echo $?
        oms amend nobody --limit 1 -q; echo $?
        oms cancel a -o tsv --fields status
        oms cancel a -o tsv --fields status
        oms amend a --limit 42000 -q; echo $?
        oms cancel nobody -q; echo $?
        """,
      output: ["open\t41000.00", "0.02000", "2", "18", "cancelled", "cancelled", "24", "18"]),
    Stop(
      name: "a dry run and a check send nothing",
      script: """
        oms order buy BTC-USDT 0.001 --limit 40000 --dry-run -o tsv --fields type,action,qty,price
        oms risk check buy BTC-USDT 1 --limit 40000 -q; echo $?
        oms risk check buy BTC-USDT 10000 --limit 40000 -q; echo $?
        oms cancel --all -a sim.main --dry-run -o id
        oms orders -o id
        """,
      output: ["plan\torder\t0.00100\t40000.00", "0", "14"]),
    Stop(
      name: "many orders are cancelled by what they have in common",
      script: """
        for n in 1 2 3 4; do oms order buy BTC-USDT 0.001 --limit ${n}0000 --id b$n --tag n=$n -q; done
        oms order sell BTC-USDT 0.001 --limit 90000 --id s1 -q
        gone() { oms cancel --all -a sim.main "$@" --yes -o id | sort; }
        gone --side sell
        gone --price-above 35000
        gone --tag n=1
        gone --symbol ETH-USDT
        gone --older-than 1h
        oms cancel --all -a sim.main --strategy nobody --yes -q; echo $?
        oms orders --open -o id | sort
        """,
      output: ["s1", "b4", "b1", "18", "b2", "b3"]),
    Stop(
      name: "a wait ends when its condition holds, or says what it waited for",
      script: """
        holds() { oms wait "$@" --timeout 5s -q; echo $?; }
        late() { oms wait "$@" --timeout 50ms -q; echo $?; }
        oms order buy BTC-USDT 0.001 --limit 30000 --id w -q
        holds w --for open
        holds w other --any --for open
        late w --for filled
        late other --for exists
        late other --for known
        echo conditions
        holds --when 'BTC-USDT.last > 1 and BTC-USDT.mid > 1 and BTC-USDT.mark != 0'
        holds --when 'BTC-USDT.bid < 1 or spread_bps(BTC-USDT) >= 0'
        holds --when 'age_ms(BTC-USDT) < 100000'
        holds --when 'position(sim.main,BTC-USDT-PERP) == 0'
        holds --when 'balance(sim.main,USDT).free > 1'
        holds --when 'balance(sim.main,USDT).locked > 1'
        holds --when 'pnl(sim.main) <= 0'
        holds --flat -a sim.main
        late --when 'BTC-USDT.ask < 1'
        echo mistakes
        late --when 'BTC-USDT.last'
        late --when 'BTC-USDT.first > 1'
        late --when 'gold(1) > 2'
        late --when 'balance(sim.main).free > 2'
        late --when 'position(sim.main) > 2'
        oms cancel w -q
        holds w --for filled
        """,
      output: [
        "0", "0", "31", "31", "18", "conditions", "0", "0", "0", "0", "0", "0", "0", "0", "31", "mistakes", "2", "2",
        "2", "2", "2", "24",
      ]),
    Stop(
      name: "events are found by what they are about",
      script: """
        oms order buy BTC-USDT 0.001 --limit 30000 --id one -q
        oms cancel one -q
        oms order buy ETH-USDT 0.01 --market --id two --wait filled -q
        events() { oms events "$@" -o tsv; }
        events --id one --from-start --fields status
        events -n 1 --type fill --fields id
        events --after 0 --take 1 --fields seq
        events --since today --symbol ETH-USDT --take 1 --fields symbol
        events -a sim.sub01 --from-start --type order --fields id
        events --id one --from-start --follow --until-done -q; echo $?
        events --id two --from-start --follow --until-done -q; echo $?
        events --follow --idle 50ms --type fill -q; echo $?
        oms pause --reason lunch -q
        events --kind 'trading*' --level warn -n 1 --fields kind,message
        events --type event --level alarm --from-start --fields kind
        """,
      output: [
        "new", "open", "pending_cancel", "cancelled", "two", "1", "ETH-USDT", "24", "0", "31",
        "trading.state\ttrading of everything is paused: lunch",
      ]),
    Stop(
      name: "one copy of a job runs at a time",
      script: """
        oms wait --when 'BTC-USDT.last < 1' --timeout 20s --job nightly --lock-wait 20s -q & holder=$!
        until oms status --job nightly -q; [ $? -eq 17 ]; do sleep 0.01; done
        (oms status --job nightly --lock-wait 20s -q; echo "late $?") & waiter=$!
        kill $holder; wait $holder; wait $waiter
        """,
      output: ["late 0"]),
    Stop(
      name: "the built-in exchange does as it is told",
      script: """
        sim() { oms sim "$@" -q; echo $?; }
        sim price BTC-USDT 61000
        oms wait --when 'BTC-USDT.last > 60500' --timeout 5s -q; echo $?
        sim price GOLD-USDT 1
        sim book BTC-USDT --spread 20bps
        sim latency 2ms --jitter 1ms
        oms order buy BTC-USDT 0.01 --limit 50000 --id f --wait open -q
        sim latency 0s
        sim fill f 0.004
        oms wait --when 'balance(sim.main,BTC).total > 1.0035' --timeout 5s -q
        oms orders f -o tsv --fields status,filled
        sim fill f
        oms wait f --for filled --timeout 5s -q; echo $?
        sim fill nobody
        sim clock freeze
        sim clock +1h
        sim clock run
        echo balances
        sim account sim.sub02 --set USDT=777
        spot() { oms balances -a sim.sub02 --asset USDT --where wallet==spot -o tsv --fields total; }
        until [ "$(spot)" = 777.00 ]; do sleep 0.01; done
        sim account sim.sub02 --set GOLD=1
        sim account sim.sub02 --set USDT=778 --silent
        oms reconcile -a sim.sub02 -o tsv --fields asset,ours,theirs; echo $?
        oms reconcile -a sim.sub02 --fix -q; echo $?
        oms reconcile -a sim.sub02 -q; echo $?
        echo faults
        sim fault --reject -2010:2
        for n in 1 2 3; do oms order buy BTC-USDT 0.001 --limit 50000 -q; echo $?; done
        sim fault --partial 40%
        oms order buy BTC-USDT 0.1 --market --wait done -o tsv --fields status,filled
        sim fault --clear
        """,
      output: [
        "0", "0", "18", "0", "0", "0", "0", "partial\t0.00400", "0", "0", "18", "0", "0", "0", "balances", "0",
        "18", "0", "USDT\t777.00\t778.00", "41", "41", "0", "faults", "0", "20", "20", "0", "0", "expired\t0.04000",
        "0",
      ]),
    Stop(
      name: "prices are followed as often as wanted and refused when they are old",
      script: """
        oms ticker BTC-USDT ETH-USDT -o tsv --fields symbol
        oms ticker BTC-USDT --follow --every 10ms --take 2 -o tsv --fields symbol
        oms book BTC-USDT --depth 1 --follow --take 1 -o tsv --fields symbol | sort -u
        oms ticker BTC-USDT --max-age 1ns -q; echo $?
        oms sim fault --stale-feed BTC-USDT -q
        oms ticker BTC-USDT --follow --idle 50ms -q; echo $?
        """,
      output: ["BTC-USDT", "ETH-USDT", "BTC-USDT", "BTC-USDT", "BTC-USDT", "40", "31"]),
  ]

  @Test(arguments: stops) func shows(_ stop: Stop) throws {
    try Shell.with { shell in
      try Data("oms run --detach -q || exit 99\ntrap 'oms stop -q' EXIT\n\(stop.script)\n".utf8)
        .write(to: shell.directory.appending(path: "script"))
      let ran = try shell.bash("bash script 2> errors; cat errors >&2")
      #expect(ran.lines == stop.output, "\(ran.output) \(ran.errors)")
    }
  }

  /// What is older than memory is read from the log, the same lines in the same order.
  @Test func eventsOfAnEarlierRunAreReadFromTheLog() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q || exit 1; }
        events() { oms events "$@" -o tsv; }
        begin
        trap 'oms stop -q' EXIT
        oms order buy BTC-USDT 0.01 --market --wait filled --id f -q
        oms order buy ETH-USDT 0.01 --limit 1000 -a sim.sub01 --id s -q
        oms pause -q
        oms stop -q
        begin
        events --from-start --fields seq | awk '$1 != NR { print "gap at " NR }'
        events --from-start --id f --type order --fields status | tail -1
        events --from-start --kind 'trading*' --take 1 --fields kind
        events --after 3 --take 2 --type event --fields seq | wc -l
        events --from-start --symbol ETH-USDT --type order --take 1 --fields id
        events --from-start -a sim.sub01 --type order --take 1 --fields account
        events --from-start --since now --fields seq
        events --from-start --id f --until-done -q --follow; echo "$?"
        events -n 3 --fields seq | wc -l
        """)
      #expect(
        ran.lines == ["filled", "trading.state", "2", "s", "sim.sub01", "0", "3"], "\(ran.output) \(ran.errors)")
    }
  }

  /// Accounts by group, pattern and generation; the first one is meant where none is named.
  @Test func accountsAreChosenByGroupAndPattern() throws {
    try Shell.with { shell in
      try Data(
        """
        accounts:
          sim:
            main: { type: main, mode: paper, sim_balances: { USDT: "100000", BTC: "1" } }
            subs:
              type: sub
              parent: main
              mode: paper
              generate: { count: 3, name: "sub%03d" }
              sim_balances: { USDT: "1500" }
        groups:
          desk: [sim.main, sim.sub001, "sim.sub002*"]
        """.utf8
      ).write(to: shell.directory.appending(path: "accounts.yaml"))
      let ran = try shell.bash(
        """
        mkdir conf; mv accounts.yaml conf
        oms run -C conf --detach -q || exit 1
        trap 'oms stop -q' EXIT
        list() { oms accounts -a "$1" -o tsv --fields account,group; }
        list 'sim.sub*'
        list @desk
        oms balances -a @nobody -q; echo $?
        oms order buy BTC-USDT 0.001 --limit 30000 -o tsv --fields account
        oms order buy BTC-USDT 0.001 --limit 30000 -a sim.sub002 -o tsv --fields account
        """)
      #expect(
        ran.lines == [
          "sim.sub001\t[\"desk\"]", "sim.sub002\t[\"desk\"]", "sim.sub003\t[]", "sim.main\t[\"desk\"]",
          "sim.sub001\t[\"desk\"]", "sim.sub002\t[\"desk\"]", "18", "sim.main", "sim.sub002",
        ], "\(ran.output) \(ran.errors)")
    }
  }
}
