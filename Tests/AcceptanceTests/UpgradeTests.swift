import Testing

/// One version of the core follows another, with an engine that was killed in between. `omsim engine` runs the engine's
/// own code under the number of a version that does not exist yet.
@Suite struct UpgradeTests {
  /// An installation of core 900 beside that of the real `oms`, and an engine of the latter that was killed at work.
  private static let prelude = """
    core=$(oms version -o jsonl | sed 's/.*"core":\\([0-9]*\\).*/\\1/')
    home=$(dirname "$(command -v oms)")
    mkdir -p new/bin new/libexec/oms
    cp "$home/omsim" new/bin/omsim
    later() { new/bin/omsim engine --core 900 --state "$PWD/state" "$@"; }
    kept() { oms orders --open -o tsv --fields id,status | sort; }
    oms run --state "$PWD/state" --detach -q || exit 1
    trap 'oms stop -q' EXIT
    oms order buy BTC-USDT 0.001 --limit 30000 --id rest -q
    oms order buy BTC-USDT 0.01 --market --id done --wait filled -q
    kill -9 "$(oms status -o tsv --fields pid)"
    oms wait --engine stopped --timeout 5s -q

    """

  @Test func theCoreThatWroteTheJournalFinishesItForTheNext() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.prelude + """
          ln -s "$home/oms" new/libexec/oms/core-$core
          later --loads $core 2> said || { cat said >&2; exit 1; }
          grep -c "core $core: .*/core-$core finishes it" said
          kept
          oms order buy BTC-USDT 0.01 --market --id done -o tsv --fields status,replayed
          oms order buy BTC-USDT 0.002 --limit 30000 --id more -q
          oms snapshot list -o jsonl | grep -c "finished by core $core"
          oms reconcile -a all -q; echo "reconciled $?"
          kill -9 "$(oms status -o tsv --fields pid)"
          oms wait --engine stopped --timeout 5s -q
          later --loads $core 2> said; echo "again $?"; cat said
          kept
          oms journal verify state/journal -q; echo "sound $?"
          cat state/logs/events-*.jsonl | jq -s 'map(.seq) == [range(1; length + 1)]'
          oms stop -q
          oms run --state "$PWD/state" --detach -q 2> said; echo "back $?"
          grep -c "ends with records of core 900; core $core goes on from snapshots of core 6, 7, 8, 9, 10 and $core only" said
          """)
      #expect(
        ran.lines == [
          "1", "rest\topen", "filled\ttrue", "1", "reconciled 0", "again 0", "more\topen", "rest\topen", "sound 0",
          "true",
          "back 10", "1",
        ], "\(ran.output) \(ran.errors)")
    }
  }

  @Test func withoutThatCoreOnlyAdoptionGoesOn() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.prelude + """
          later --loads $core 2> said; echo "missing $?"
          grep -c "libexec/oms/core-$core, which would finish it, is missing" said
          later 2> said; echo "cannot load $?"
          grep -c "ends with records of core $core; core 900 goes on from snapshots of core 900 only" said
          later --adopt 2> said; echo "adopted $?"
          grep -c "oms: warning: adopted: " said
          until [ "$(oms orders --open -o id | wc -l)" -eq 1 ]; do sleep 0.05; done
          oms orders --open -o tsv --fields status
          oms order buy BTC-USDT 0.02 --market --id done -q 2> said; echo "burnt $?"
          oms journal verify state/journal -q; echo "sound $?"
          """)
      #expect(
        ran.lines == [
          "missing 10", "1", "cannot load 10", "1", "adopted 0", "1", "open", "burnt 19", "sound 0",
        ], "\(ran.output) \(ran.errors)")
    }
  }

  @Test func anInstallationKeepsTheCoreItReplaces() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        install="\(Self.scripts)/install-core.sh"
        oms=$(command -v oms)
        core=$(oms version -o jsonl | sed 's/.*"core":\\([0-9]*\\).*/\\1/')
        mkdir -p p/bin
        cat > p/bin/oms <<'END'
        #!/bin/sh
        echo '{"type":"version","core":4,"protocol":1}'
        END
        chmod +x p/bin/oms
        "$install" "$oms" p > said; echo "$?"
        ls p/libexec/oms | sed "s/core-$core\\$/own/" | sort
        p/libexec/oms/core-4; cmp p/bin/oms "$oms"; cmp p/libexec/oms/core-$core "$oms"
        "$install" "$oms" p; echo "$?"
        ls p/libexec/oms | wc -l
        "$install" /bin/true q; echo "$?"
        """)
      #expect(
        ran.lines == ["0", "core-4", "own", #"{"type":"version","core":4,"protocol":1}"#, "0", "2", "1"],
        "\(ran.output) \(ran.errors)")
    }
  }

  /// Beside the tests in the repository.
  private static var scripts: String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/scripts"
  }
}
