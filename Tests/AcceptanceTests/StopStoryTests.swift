import Testing

/// What is over stays over, and what has ended left nothing: the end of an engine, again and again.
@Suite struct StopStoryTests {
  /// The gate file of the kill is still there when the next one begins; a resume outlives it, and the engine too.
  @Test func aResumeStaysThroughAStop() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q || exit 1; }
        trading() { oms status -o tsv --fields trading; }
        begin
        trap 'oms stop -q' EXIT
        for round in 1 2 3 4 5; do
          oms kill --reason drill -q && oms resume --confirm all -q || exit 2
          oms order buy BTC-USDT 0.001 --market --wait filled -q || exit 3
        done
        trading
        [ -n "$(find state r -name 'gate*')" ] && echo "a gate file is there"
        oms stop -q
        begin
        trading
        oms order buy BTC-USDT 0.001 --market --wait filled -q; echo "$?"
        oms kill -q
        oms stop -q
        begin
        trading
        oms resume --confirm all -q
        oms stop -q
        begin
        trading
        """)
      #expect(
        ran.lines == ["on", "a gate file is there", "on", "0", "killed", "on"],
        "\(ran.output) \(ran.errors)")
    }
  }

  /// Whoever kills shuts the gate file first, and the engine may have read that before it is asked: what it has cancelled by
  /// then is told of all the same.
  @Test func aKillTellsOfWhatTheGateHasCancelledBefore() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        oms run --detach -q || exit 1
        trap 'oms stop -q' EXIT
        oms order buy BTC-USDT 0.001 --limit 20000 --id early -q || exit 2
        oms cancel early -q
        oms order buy BTC-USDT 0.001 --limit 20000 --id rest -q || exit 3
        oms kill -q
        oms kill -o jsonl | jq -r 'select(.type == "order") | "\\(.id) \\(.status) \\(.reason)"'
        """)
      #expect(ran.lines == ["rest cancelled kill"], "\(ran.output) \(ran.errors)")
    }
  }

  /// Asked to end while orders pour in, and told so by request or by signal: it ends with 0, says nothing, and leaves
  /// neither names nor memory; its record is whole and has every order that was acknowledged. What was freed is scribbled
  /// over, so that a thread which still uses it cannot go unseen.
  @Test(arguments: ["oms stop -q", "kill -TERM $engine"])
  func anEngineThatStopsUnderLoadLeavesNothing(_ end: String) throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        export MALLOC_PERTURB_=165
        for round in 1 2; do
          oms run --state "$PWD/state" -q > said 2>&1 & session=$!
          until [ -e r/oms/default/ready ]; do kill -0 $session || exit 1; sleep 0.01; done
          engine=$(cat r/oms/default/pid)
          grep -o '/dev/shm/[^ ]*' /proc/$engine/maps | sort -u > names
          [ -s names ] || echo "no names"
          : > answers
          for client in 1 2; do
            for n in $(seq 400); do
              echo "{\\"symbol\\":\\"BTC-USDT\\",\\"side\\":\\"buy\\",\\"qty\\":\\"0.001\\",\\"limit\\":\\"2000$((n % 9))\\",\\"id\\":\\"$round-$client-$n\\"}"
            done | oms batch - -a sim.main -o tsv --fields id,ok >> answers 2> refusals &
          done
          until [ "$(wc -l < answers)" -gt 20 ]; do sleep 0.002; done
          \(end)
          wait $session; echo "ended $?"
          wait
          cat said
          ls r/oms/default | grep -E '^(pid|ready|state|oms.sock)$'
          while read -r name; do [ ! -e $name ] || echo "left: $name"; done < names
          oms journal verify state/journal -q || echo "not sound"
          cat state/logs/events-*.jsonl | jq -r '.id // empty' | sort -u > recorded
          awk '$2 == "true" { print $1 }' answers | sort -u | comm -23 - recorded | sed 's/$/ is lost/'
        done
        """)
      #expect(ran.lines == ["ended 0", "ended 0"], "\(ran.output) \(ran.errors)")
    }
  }
}
