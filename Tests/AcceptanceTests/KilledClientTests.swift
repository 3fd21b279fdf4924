import Foundation
import Testing

/// A client that is killed in the middle of its work, and the same work given to the next one.
@Suite struct KilledClientTests {
  /// Whatever the killed ones have sent, had answered or still in their hands: a line with an id is one order.
  @Test func aBatchThatIsKilledAndRepeatedIsAThousandOrdersAtTheExchange() throws {
    let script = """
      for n in $(seq 1000); do
        echo "{\\"symbol\\":\\"BTC-USDT\\",\\"side\\":\\"buy\\",\\"qty\\":\\"0.001\\",\\"limit\\":\\"$((20000 + n))\\",\\"id\\":\\"b-$n\\"}"
      done > lines
      oms risk set max_open_orders 2000 -a sim.main -q
      oms risk set max_orders_per_second 100000 -a sim.main -q
      killed=0
      for answers in 1 150 400 700; do
        oms batch lines -a sim.main -o jsonl > out 2> err & batch=$!
        until [ "$(wc -l < out)" -ge $answers ] || ! kill -0 $batch 2> /dev/null; do :; done
        kill -9 $batch 2> /dev/null && killed=$((killed + 1))
        wait $batch
      done 2> /dev/null
      echo "killed $killed"
      oms batch lines -a sim.main -o jsonl > out 2> err; echo "$?"
      jq -s 'length, (map(select(.ok)) | length), (map(.order.id) | unique | length)' out
      oms orders --open -o id | sort -u | wc -l
      oms orders --venue-view -a sim.main -o jsonl > venue
      wc -l < venue; jq -r .id venue | sort -u | wc -l; jq -r .wire_id venue | sort -u | wc -l
      oms reconcile -a all -q; echo "$?"
      """
    try Shell.with { shell in
      let ran = try shell.run(["oms", "run", "--", "bash", "-c", script])
      #expect(
        ran.lines == ["killed 4", "0", "1000", "1000", "1000", "1000", "1000", "1000", "1000", "0"],
        "\(ran.output) \(ran.errors)")
    }
  }
}
