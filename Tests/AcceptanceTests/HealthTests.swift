import Foundation
import Testing

/// `oms check` in the codes of monitoring systems, and `oms doctor`.
@Suite struct HealthTests {
  @Test func checksEndAsMonitoringSystemsWantIt() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        oms run --state "$PWD/state" --detach -q 2> said || exit 1
        trap 'oms stop -q' EXIT
        check() { oms check "$@" > answer; echo "$1 $?"; }
        check engine; check feed --max-age 1h; check account; check drawdown --warn 5% --crit 10%
        check drift; check orders; check strategy
        oms sim account sim.main --set BTC=1.5 --silent
        check drift; cat answer | grep -c 'ours 1.* theirs 1.5'
        check drift --crit 5
        oms pause --reason drill -q; check engine
        oms resume --confirm all -q; oms kill --reason drill -q; check engine; check account
        oms resume --confirm all -q; oms pause -a sim.sub01 --reason drill -q; check account
        oms sim fault --stale-feed BTC-USDT; check feed --symbol BTC-USDT --max-age 1ms
        check latency --crit 1h; oms check latency --format prometheus | grep -c '^oms_check_p99_ns{check="latency"} [0-9]*$'
        oms check disk --crit 0.1% --warn 0.2% --format jsonl | jq -c '[.type,.name,.status]'
        """)
      #expect(
        ran.lines == [
          "engine 0", "feed 0", "account 0", "drawdown 0", "drift 0", "orders 0", "strategy 3", "drift 2", "1",
          "drift 0",
          "engine 1", "engine 2", "account 2", "account 1", "feed 2", "latency 0", "1", #"["check","disk","ok"]"#,
        ], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func withoutAnEngineOnlyItsOwnCheckIsCritical() throws {
    try Shell.with { shell in
      let engine = try shell.oms("check", "engine")
      #expect(engine.status == 2 && engine.output.hasPrefix("ENGINE CRITICAL - no engine answers"))
      let drift = try shell.oms("check", "drift")
      #expect(drift.status == 3 && drift.output.hasPrefix("DRIFT UNKNOWN - no engine answers"))
      for line in [
        "check engine --warn 5%", "check disk --crit 5", "check latency --warn 5%", "check orders --crit -1",
      ] {
        let ran = try shell.run(["oms"] + line.split(separator: " ").map(String.init))
        #expect(ran.status == 2 && ran.output.isEmpty && ran.errors.contains("usage."), "\(line): \(ran.errors)")
      }
    }
  }

  @Test func theDoctorNamesWhatIsWrongAndMendsOnlyWhatItWasTold() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        doctor() { oms doctor "$@" -o tsv --where 'status!=ok' --fields name,status | grep '^files\\|^conf' | grep -v rings; }
        export OMS_INSTANCE=mend; mkdir -p s/oms/mend conf; chmod 755 s/oms/mend
        doctor
        oms doctor -q; echo $?
        oms doctor --fix -q 2> refusal; echo $? $(stat -c %a s/oms/mend)
        oms doctor --fix --yes -q; echo $? $(stat -c %a s/oms/mend)
        oms doctor --strict -q; echo $?
        echo 'acounts: {}' > conf/accounts.yaml
        doctor -C conf
        """)
      #expect(
        ran.lines == ["files.state\tfail", "1", "12 755", "0 700", "1", "configuration.files\tfail"],
        "\(ran.output)\(ran.errors)")
    }
  }

  @Test func theDoctorAsksTheEngineAndFindsItsDriftUnlessOffline() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        oms run --state "$PWD/state" --detach -q 2> said || exit 1
        trap 'oms stop -q' EXIT
        engine() { oms doctor "$@" -o tsv --fields name,status | grep '^engine\\|running'; }
        engine --offline | grep -v 'snapshot\\|loop_lag\\|ring'
        oms sim account sim.main --set BTC=1.5 --silent
        engine | grep drift
        oms doctor --offline -q; echo $?
        """)
      #expect(
        ran.lines == [
          "engine.protocol\tok", "engine.state\tok", "engine.unknown\tok", "configuration.running\tok",
          "engine.drift\tfail", "0",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func ringsOfDeadEnginesAreFoundAndRemovedOnlyWhenTheDiskHasAllOfThem() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        oms run -I dead --state "$PWD/state" --detach -q 2> said || exit 1
        oms -I dead status -q; kill -9 $(oms -I dead status -o tsv --fields pid)
        for n in $(seq 100); do oms -I dead status -q 2> answer || break; sleep 0.02; done
        rings() { ls /dev/shm | grep -c "oms-$(id -u)-dead-journal" || true; }
        oms doctor -o tsv --where 'name==files.rings' --fields status,detail | grep -c 'warn.*-dead-journal-.*dead engine'
        rings
        """)
      #expect(ran.lines == ["1", "1"], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func groupsOfAccountsAreListedWithTheirMembers() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        printf 'accounts: { sim: { a: { type: main }, b: { type: main } } }\\ngroups: { desk: [sim.b, sim.a], all_of_a: [sim.a] }\\n' > conf/accounts.yaml
        oms run -C conf --state "$PWD/state" --detach -q 2> said || exit 1
        trap 'oms stop -q' EXIT
        oms accounts groups > groups.jsonl; jq -c '[.type,.group,.count,.accounts]' groups.jsonl
        oms accounts groups -o id
        oms accounts groups -o table | tr -s ' '
        oms accounts groups desk -q 2> refusal; echo $?
        """)
      #expect(
        ran.lines == [
          #"["group","all_of_a",1,["sim.a"]]"#, #"["group","desk",2,["sim.a","sim.b"]]"#, "all_of_a", "desk",
          "GROUP COUNT ACCOUNTS", "all_of_a 1 sim.a", "desk 2 sim.a sim.b", "2",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func thePathOfSharedMemoryIsThatOfTheRingThatIsThere() throws {
    try Shell.with { shell in
      let ran = try shell.oms("run", "--", "bash", "-c", #"f=$(oms path shm); [ -f "$f" ] && echo "${f%-*}""#)
      #expect(ran.output.hasPrefix("/dev/shm/oms-") && ran.output.hasSuffix("-journal\n"), "\(ran.errors)")
      let none = try shell.oms("path", "shm", "-I", "nothing")
      #expect(none.output.hasSuffix("-nothing-journal\n"))
    }
  }
}
