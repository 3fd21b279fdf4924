import Foundation
import Testing

/// `oms events` on a log that is larger than what is asked of the engine: the client reads the files itself.
@Suite struct EventQueryTests {
  private static let begin = """
    oms run --state "$PWD/state" --detach -q || exit 99
    trap 'oms stop --force -q' EXIT
    oms risk set max_orders_per_second 100000 -a all -q
    for n in $(seq 200); do
      symbol=BTC-USDT limit=30000; [ $((n % 5)) -eq 0 ] && symbol=ETH-USDT limit=1500
      echo "{\\"symbol\\":\\"$symbol\\",\\"side\\":\\"buy\\",\\"qty\\":\\"0.01\\",\\"limit\\":\\"$limit\\",\\"id\\":\\"q-$n\\",\\"tags\\":{\\"id\\":\\"q-1\\"}}"
      echo "{\\"op\\":\\"cancel\\",\\"id\\":\\"q-$n\\"}"
    done > lines
    oms batch lines -a sim.main -q 2> said || cat said >&2
    oms order buy BTC-USDT 0.01 --limit 30000 -a sim.sub01 --id other -q
    oms pause --reason 'a "quoted" word' -q; oms resume -q
    last=$(oms status -o tsv --fields seq)
    until [ "$(cat state/logs/events-*.jsonl | tail -1 | jq .seq)" -ge $last ]; do sleep 0.02; done
    cat state/logs/events-*.jsonl > all

    """

  /// The same lines as a filter of the files, byte for byte.
  @Test func answersAreTheLinesOfTheFiles() throws {
    let script = """
      # The least that it must find, the filter, and how it is said here.
      same() {
        local least=$1 filter=$2; shift 2
        oms events "$@" -o jsonl > got; jq -c "select($filter)" all > want
        cmp got want && [ "$(wc -l < got)" -ge $least ] && echo same || echo "differs: $*"
      }
      same 800 true --from-start
      same 4 '.id == "q-7"' --id q-7 --from-start
      same 4 '.id == "q-1"' --where 'id==q-1' --from-start
      same 40 '.status == "cancelled" and .symbol == "ETH-USDT"' --where 'status==cancelled and symbol==ETH-USDT'
      same 4 '.type == "event"' --type event --from-start
      same 2 '.account == "sim.sub01"' -a sim.sub01 --from-start
      same 2 '.kind == "trading.state"' --kind 'trading*' --from-start
      same 800 '.level == "warn" or .level == "alarm" or .type != "event"' --level warn --from-start
      same 160 '.symbol == "ETH-USDT"' --symbol ETH/USDT --from-start
      same 700 '.seq > 40' --after 40
      same 700 '.venue == "sim" and .seq > 5' --venue sim --after 5
      oms events --from-start --take 3 -o tsv --fields seq | tr '\\n' ' '; echo
      oms events -n 2 -o tsv --fields kind | sort -u
      oms events --after 0 --take 900 --follow --idle 100ms -o jsonl | jq -s 'map(.seq) == [range(1; length + 1)]'
      oms events --from-start --id q-9 --until-done -q; echo "$?"
      oms events --from-start --limit-rows 2 -o tsv --fields seq | tr '\\n' ' '; echo
      oms events --from-start -o jsonl | head -1 | jq .seq; echo "${PIPESTATUS[0]}"
      oms events --from-start > /dev/full; echo "$?"
      """
    try Shell.with { shell in
      let ran = try shell.bash(Self.begin + script)
      #expect(
        ran.lines == Array(repeating: "same", count: 11) + [
          "1 2 3 ", "trading.state", "true", "24", "1 2 ", "1", "0", "1",
        ], "\(ran.output) \(ran.errors)")
    }
  }

  /// Files that somebody removed are told, or are the end of it.
  @Test func whatIsNotKeptIsAGap() throws {
    let script = """
      log=$(ls state/logs/events-*.jsonl)
      sed -i '100,199d' "$log"
      oms events --after 50 --take 60 -o jsonl | jq -c 'select(.type == "gap") | [.from_seq, .to_seq]'
      oms events --after 50 --no-gaps -q; echo "$?"
      """
    try Shell.with { shell in
      let ran = try shell.bash(Self.begin + script)
      #expect(ran.lines == ["[100,199]", "40"], "\(ran.output) \(ran.errors)")
    }
  }
}
