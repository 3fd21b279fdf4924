import Testing

/// What must hold across more orders than memory holds, lost files and restored snapshots, against the real engine.
@Suite struct DurabilityTests {
  /// Ids of orders that have left the table long ago mean those orders, for ever: also after a kill, and with the index
  /// taken away.
  @Test func anIDStaysBurntWhenItsOrderHasLeftTheTable() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --keep-orders 64 --detach -q || exit 1; }
        again() { oms order buy BTC-USDT $1 --limit 30000 --id $2 -o tsv --fields id,status,replayed; }
        begin
        trap 'oms stop -q' EXIT
        for round in 1 2 3 4 5; do
          for n in $(seq 40); do
            echo "{\\"symbol\\":\\"BTC-USDT\\",\\"side\\":\\"buy\\",\\"qty\\":\\"0.001\\",\\"limit\\":\\"30000\\",\\"id\\":\\"r$round-$n\\"}"
          done | oms batch - -a sim.main -q || exit 2
          oms cancel --all -a sim.main --yes -q || exit 3
        done
        again 0.001 r1-1
        again 0.002 r1-1 -q; echo "$?"
        oms orders r1-2 -o tsv --fields id,status
        oms cancel r1-3 -o tsv --fields id,status
        again 0.001 fresh
        kill -9 "$(oms status -o tsv --fields pid)"
        oms wait --engine stopped --timeout 5s -q
        begin
        again 0.001 r1-1
        ls state/ids | grep -c IDS
        oms stop -q
        rm -r state/ids
        begin
        until again 0.001 r1-1; do [ $? -eq 16 ] || exit 4; done
        until oms order buy BTC-USDT 0.001 --limit 30000 --id fresh2 -o tsv --fields id,status; do
          [ $? -eq 16 ] || exit 5
        done
        """)
      #expect(
        ran.lines.filter { !$0.isEmpty } == [
          "r1-1\tcancelled\ttrue", "19", "r1-2\tcancelled", "r1-3\tcancelled", "fresh\topen\tfalse",
          "r1-1\tcancelled\ttrue", ran.lines.count > 6 ? ran.lines[6] : "", "r1-1\tcancelled\ttrue", "fresh2\topen",
        ], "\(ran.output) \(ran.errors)")
    }
  }

  /// Back to a snapshot: what was open then and is gone, and what was placed since, is as the exchange says; ids that
  /// were used since stay used; the event line goes on without a number twice.
  @Test func aRestoredInstanceBelievesTheExchange() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q "$@" || exit 1; }
        place() { oms order buy BTC-USDT 0.001 --limit 30000 --id $1 -q; }
        restore() { oms snapshot restore "$@" --state state; }
        begin
        trap 'oms stop -q' EXIT
        place kept; place closed
        oms snapshot take -q
        id=$(oms snapshot list -o id)
        oms cancel closed -q
        place later
        oms order buy BTC-USDT 0.02 --market --wait filled --id bought -q
        restore $id --yes -q; echo "running $?"
        oms stop -q
        restore $id -q; echo "unconfirmed $?"
        restore nothing --yes -q; echo "unknown $?"
        restore $id --dry-run -o id | sed "s/$id/same/"
        restore $id --yes -q; echo "restored $?"
        ls state | grep -c ^journal-until
        begin
        oms orders --open -o tsv --fields id,status | sed "s/1.*o/adopted\to/" | sort
        oms balances -a sim.main --asset BTC -o tsv --fields total | head -1
        oms order buy BTC-USDT 0.001 --limit 30000 --id later -o tsv --fields status,replayed
        oms order buy BTC-USDT 0.02 --market --id bought -o tsv --fields status,replayed
        oms order buy BTC-USDT 0.03 --market --id bought -q; echo "other $?"
        oms order buy BTC-USDT 0.001 --limit 30000 --id new -o tsv --fields status,replayed
        oms reconcile -a all -q; echo "reconciled $?"
        cat state/logs/events-*.jsonl | jq -s 'map(.seq) == [range(1; length + 1)]'
        oms journal verify state/journal -q; echo "sound $?"
        """)
      #expect(
        ran.lines == [
          "running 17", "unconfirmed 12", "unknown 18", "same", "restored 0", "1", "adopted\topen", "kept\topen",
          "1.02000", "open\ttrue", "filled\ttrue", "other 19", "open\tfalse", "reconciled 0", "true", "sound 0",
        ], "\(ran.output) \(ran.errors)")
    }
  }

  /// What an order was labelled with stays with it, whatever is labelled after a restart.
  @Test func tagsStayWithTheirOrdersThroughAStop() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q || exit 1; }
        place() { oms order buy BTC-USDT 0.001 --limit 30000 --id $1 --tag of=$2 -q; }
        begin
        trap 'oms stop -q' EXIT
        place a first; place b first
        oms stop -q
        begin
        place c second; place d second
        oms orders --open --sort id -o jsonl | jq -r '"\\(.id) \\(.tags.of)"'
        oms cancel --all -a sim.main --tag of=second --yes -o id | sort
        """)
      #expect(
        ran.lines == ["a first", "b first", "c second", "d second", "c", "d"], "\(ran.output) \(ran.errors)")
    }
  }

  /// Somebody tidies /dev/shm: the rings get new names while the engine runs, and a kill loses nothing of what came since.
  @Test func ringsThatLoseTheirNamesGetNewOnes() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q "$@" 2>> said || exit 1; }
        place() { oms order buy BTC-USDT 0.001 --limit 30000 --id $1 -q; }
        begin
        trap 'oms stop -q' EXIT
        place first
        ring=$(cat state/journal/ring) other=$(cat state/exchange/ring)
        rm "/dev/shm$ring" "/dev/shm$other"
        for n in $(seq 100); do
          [ "$(cat state/journal/ring)" != "$ring" ] && [ "$(cat state/exchange/ring)" != "$other" ] && break
          sleep 0.1
        done
        ring=$(cat state/journal/ring) other=$(cat state/exchange/ring)
        [ -e "/dev/shm$ring" ] && [ -e "/dev/shm$other" ] && echo there
        for n in $(seq 20); do place after$n || exit 2; done
        kill -9 "$(oms status -o tsv --fields pid)"
        oms wait --engine stopped --timeout 5s -q
        begin
        oms orders --open -o id | wc -l
        oms reconcile -a all -q; echo "same $?"
        ring=$(cat state/journal/ring)
        process=$(oms status -o tsv --fields pid)
        oms stop -q
        while kill -0 $process 2> gone; do sleep 0.02; done
        [ -e "/dev/shm$ring" ] || echo gone
        oms journal verify state/journal -q; echo "sound $?"
        """)
      #expect(ran.lines == ["there", "21", "same 0", "gone", "sound 0"], "\(ran.output) \(ran.errors)")
    }
  }

  /// A journal that is corrupt stops an engine, until it is told to go on without it.
  @Test func aCorruptJournalIsAdopted() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        begin() { oms run --state "$PWD/state" --detach -q "$@"; }
        place() { oms order buy BTC-USDT 0.001 --limit 30000 --id $1 -q; }
        begin
        place first
        oms snapshot take -q
        place second
        process=$(oms status -o tsv --fields pid)
        oms stop -q
        while kill -0 $process 2> gone; do sleep 0.02; done
        printf X | dd of=$(ls state/journal/SEGMENT* | head -1) bs=1 seek=12000 conv=notrunc status=none
        begin; echo "refused $?"
        begin --adopt 2> said; echo "adopted $?"
        trap 'oms stop -q' EXIT
        grep -c 'kept as' said
        oms orders --open -o id | wc -l
        place first; echo "first $?"
        place second; echo "second $?"
        oms orders --open -o id | wc -l
        place third; echo "third $?"
        process=$(oms status -o tsv --fields pid)
        oms stop -q
        while kill -0 $process 2> gone; do sleep 0.02; done
        rm state/logs/events-*
        begin
        oms events --after 1 -o jsonl | jq -r '"\\(.type) \\(.from_seq)"' | head -1
        oms events --after 1 --no-gaps -q 2> refusal; echo "gap $?"
        """)
      #expect(
        ran.lines == [
          "refused 1", "adopted 0", "1", "2", "first 0", "second 0", "2", "third 0",
          "gap 2", "gap 40",
        ], "\(ran.output) \(ran.errors)")
    }
  }
}
