import Testing

/// A hedged account against a running engine: two positions side by side, in its books as at the exchange.
@Suite struct HedgeTests {
  @Test func aHedgedAccountHoldsBothPositions() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        echo 'accounts: { sim: { both: { type: main, position_mode: hedge }, one: { type: main } } }' > conf/accounts.yaml
        cat > script <<'END'
        buy() { oms order buy BTC-USDT-PERP $1 --market --wait filled -a sim.both -q "${@:2}"; }
        sell() { oms order sell BTC-USDT-PERP $1 --market --wait filled -a sim.both -q "${@:2}"; }
        shown() { oms positions -a sim.both --nonzero --symbol BTC-USDT-PERP -o tsv --fields side,qty; }
        buy 0.02; echo "no side $?"
        oms order buy BTC-USDT-PERP 0.01 --market --position long -a sim.one -q; echo "no hedge $?"
        buy 0.05 --position long; sell 0.03 --position short; shown
        sell 0.09 --position long; echo "too much $?"
        sell 0.02 --position long; shown
        oms order buy BTC-USDT-PERP 0.01 --limit 40000 --position short -a sim.both --id rest -q
        oms orders rest -o jsonl | jq -c '[.position_side, .reduce_only]'
        paid() { oms events --kind funding -o jsonl --after 1 | jq -s 'length'; }
        oms sim clock +8h
        for n in $(seq 50); do [ "$(paid)" = 2 ] && break; sleep 0.1; done
        oms sim clock +8h
        for n in $(seq 50); do [ "$(paid)" = 4 ] && break; sleep 0.1; done
        paid
        oms reconcile -a all -q; echo "same $?"
        oms flatten -a sim.both --yes -q; shown
        oms reconcile -a all -q; echo "same $?"
        END
        oms run -C conf -- bash script
        """)
      #expect(
        ran.lines == [
          "no side 14", "no hedge 14", "long\t0.050", "short\t-0.030", "too much 14", "long\t0.030", "short\t-0.030",
          #"["short",true]"#, "4", "same 0", "same 0",
        ], "\(ran.output) \(ran.errors)")
    }
  }
}
