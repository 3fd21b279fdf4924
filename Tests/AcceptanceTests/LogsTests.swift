import Testing

/// `oms logs`: what a detached engine says, which no terminal hears.
@Suite struct LogsTests {
  @Test func aStartItsTroubleAndItsEndAreTold() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        oms run --state "$PWD/state" --detach -q || exit 99
        trap 'oms stop --force -q' EXIT
        (cd "$(oms path logs)" && pwd -P) > logs
        oms logs --follow -n 1 > followed &
        mkdir -p "$(oms path config)"; echo 'no: [' > "$(oms path config)/oms.yaml"
        kill -HUP "$(cat "$(oms path run)/pid")"
        until grep -q 'config' followed; do sleep 0.01; done
        oms logs --level error -o tsv --fields level,component | uniq
        oms logs --component engine -o jsonl | jq -r '.message | split(":")[0]'
        oms stop -q
        until grep -q 'good order' followed; do sleep 0.01; done
        kill $!; wait $!; echo $?
        wc -l < "$(cat logs)/crash.txt"
        jq -r 'select(.component == "engine") | .message' "$(cat logs)"/engine-*.jsonl | tail -2
        """)
      #expect(
        ran.lines == [
          "error\tconfig", "started", "ready", "143", "0", "stopping: a command asked for it", "ended in good order",
        ], "\(ran.errors)")
    }
  }

  /// Who was killed cannot say so; the parent does.
  @Test func anEngineThatWasKilledIsTold() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        oms run --state "$PWD/state" --detach -q || exit 99
        kill -KILL "$(cat "$(oms path run)/pid")"
        until grep -q signal state/logs/engine-*.jsonl; do sleep 0.01; done
        jq -r 'select(.level == "error") | .message' state/logs/engine-*.jsonl | sed 's/[0-9][0-9][0-9]*/N/; s/;.*//'
        """)
      #expect(ran.lines == ["the engine (process N) was ended by signal 9"], "\(ran.errors)")
    }
  }

  @Test func withoutALogThereIsACodeForIt() throws {
    try Shell.with { shell in
      let ran = try shell.bash("oms logs; echo $?; oms logs -n 1 --since 1h; echo $?; oms logs --level loud; echo $?")
      #expect(ran.lines == ["18", "2", "2"], "\(ran.errors)")
      #expect(ran.errors.contains("notfound.log"), "\(ran.errors)")
    }
  }
}
