import Foundation
import Testing

/// Configuration at the shell: checked before anything runs, shown with its origin, changed under a running engine.
@Suite struct ConfigTests {
  private static let broken = """
    mkdir -p conf
    printf 'accounts:\\n  sim:\\n    main:\\n      type: main\\n      spot_enbled: true\\n' > conf/accounts.yaml
    printf 'global:\\n  max_gross_notional: "1e5 USDT"\\n' > conf/risk.yaml
    printf 'strategies:\\n  far:\\n    exchanges: [moon]\\n' > conf/strategies.yaml
    chmod 644 conf/*

    """

  /// Defaults in its place would be another configuration than the one that was meant.
  @Test(arguments: [
    "config check -C", "config show -C", "config get instance --config-dir", "doctor -C", "doctor --offline -C",
    "run --state kept -C", "snapshot restore newest --yes -C",
  ])
  func aDirectoryThatIsNotThereIsRefused(command: String) throws {
    try Shell.with { shell in
      let ran = try shell.bash("oms \(command) typo; echo $?; touch file; oms \(command) file; echo $?; ls -A")
      #expect(ran.lines.prefix(2) == ["10", "10"] && !ran.lines.contains("kept"), "\(ran.output)")
      #expect(ran.errors.contains("the configuration directory 'typo' is not there [config.directory, exit 10]"))
      #expect(ran.errors.contains("the configuration directory 'file' is no directory"), "\(ran.errors)")
      let empty = try shell.bash("mkdir empty; oms config check -C empty -q; oms config path -C typo")
      #expect(empty.status == 0 && empty.lines == ["typo"] && empty.errors.isEmpty, "\(empty.errors)")
    }
  }

  @Test func aVariableThatNamesNoDirectoryIsRefusedToo() throws {
    try Shell.with { shell in
      let script = "export OMS_CONFIG_DIR=typo; oms config show; echo $?; oms run --state kept; echo $?; ls -A"
      let ran = try shell.bash(script)
      #expect(ran.lines.prefix(2) == ["10", "10"] && !ran.lines.contains("kept"), "\(ran.output)")
      #expect(ran.errors.contains("hint: leave OMS_CONFIG_DIR out, or write samples: oms config init --dir typo"))
      // What an engine hands on to its command is no name that somebody gave.
      let child = try shell.bash("oms run -q -- oms config show -o jsonl; echo $?")
      #expect(child.lines.last == "0", "\(child.errors)")
    }
  }

  @Test func allProblemsComeAtOnceSortedByPlaceInTheFormOfEditors() throws {
    try Shell.with { shell in
      let ran = try shell.bash(Self.broken + "oms config check -C conf")
      #expect(ran.status == 10)
      #expect(ran.output.isEmpty)
      let lines = ran.errors.split(separator: "\n").map(String.init)
      #expect(lines.count == 5, "\(ran.errors)")
      #expect(
        lines[0]
          == "conf/accounts.yaml:5:7: error: unknown key 'spot_enbled'; did you mean 'spot_enabled'? [config.key]")
      #expect(lines[1].hasPrefix("conf/risk.yaml:2:23: error: ") && lines[1].hasSuffix(" [config.decimal]"))
      #expect(lines[2].hasPrefix("conf/strategies.yaml:2:3: warning: ") && lines[2].hasSuffix(" [config.unreachable]"))
      #expect(lines[3].hasPrefix("conf/strategies.yaml:3:17: warning: ") && lines[3].hasSuffix(" [config.reference]"))
      #expect(lines[4] == "oms: 3 files checked: 2 errors, 2 warnings")
    }
  }

  @Test func problemsAsJSONHavePlaceAndSeverity() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.broken
          + "oms config check -C conf -q -o jsonl 2>&1 | jq -c '[.type,.severity,.exit,.file,.line,.column,.code]'")
      #expect(ran.lines.first == #"["error","error",10,"conf/accounts.yaml",5,7,"config.key"]"#, "\(ran.output)")
      #expect(ran.lines.last == #"["error","warning",0,"conf/strategies.yaml",3,17,"config.reference"]"#)
      #expect(ran.lines.count == 4)
    }
  }

  @Test func aFileIsCheckedBesideItsNeighboursAndWarningsCountOnlyWhenStrict() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        Self.broken + """
          oms config check conf/strategies.yaml 2> said; echo $? $(grep -c warning: said) $(grep -c error: said)
          oms config check conf/strategies.yaml --strict -q 2> said; echo $?
          oms config check conf/nowhere.yaml -q 2> said; echo $? $(grep -c config.file said)
          rm conf/accounts.yaml conf/risk.yaml; chmod g+w conf/strategies.yaml
          oms config check -C conf 2> said; echo $? $(grep -c config.mode said)
          """)
      #expect(ran.lines == ["0 2 0", "10", "10 1", "0 1"], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func whatCannotBeTestedOnlineIsSaid() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        cat > conf/exchanges.yaml <<'Y'
        exchanges:
          far: { adapter: okx, endpoints: { spot: { rest: "https://example.org" } } }
        Y
        oms config check -C conf --online 2>&1 | grep -c 'example.org.*not tested.*config.online'
        """)
      #expect(ran.output == "1\n", "\(ran.errors)")
    }
  }

  @Test func filesOfConfDAddAndNeverOverride() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir -p conf/conf.d
        echo 'accounts: { sim: { main: { type: main } } }' > conf/accounts.yaml
        printf 'version: 1\\naccounts: { sim: { more: { type: main } } }\\nglobal: { max_open_orders: 7 }\\n' > conf/conf.d/10-more.yaml
        oms config check -C conf -q; echo $?
        oms config show -C conf -o tsv --fields key,value | grep -v '^config_dir\\|^instance\\|^output\\|^socket'
        echo 'accounts: { sim: { main: { type: sub } } }' > conf/conf.d/20-twice.yaml
        echo 'acounts: {}' > conf/conf.d/30-unknown.yaml
        oms config check -C conf 2>&1 | head -2
        """)
      #expect(
        ran.lines == [
          "0", "accounts.sim.main.type\tmain", "accounts.sim.more.type\tmain", "global.max_open_orders\t7",
          "conf/conf.d/20-twice.yaml:1:34: error: 'accounts.sim.main.type' is said twice, first at "
            + "conf/accounts.yaml:1:34 [config.duplicate]",
          "conf/conf.d/30-unknown.yaml:1:1: error: unknown key 'acounts'; did you mean 'accounts'? [config.key]",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func initWritesSamplesThatLoadAndNeverWritesOver() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        oms config init --dir conf -q; ls conf | tr '\\n' ' '
        oms config check -C conf --strict -q; echo $?
        echo '# mine' > conf/oms.yaml
        oms config init --dir conf 2>&1 | grep -c 'stays as it is'
        cat conf/oms.yaml
        oms config init --dir small --minimal -q; ls small | tr '\\n' ' '
        oms config check -C small --strict -q; echo $?
        """)
      #expect(
        ran.lines == [
          "accounts.yaml exchanges.yaml oms.yaml risk.yaml strategies.yaml 0", "5", "# mine",
          "accounts.yaml risk.yaml 0",
        ], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func eachValueIsShownWithWhereItComesFrom() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf; export OMS_CONFIG_DIR=conf
        printf 'journal: { retain: 9d }\\n' > conf/oms.yaml
        oms config show journal --resolved --origin -o tsv --fields key,value,origin
        oms config get journal.retain
        oms config get journal.segment
        OMS_ACCOUNT=sim.sub01 oms config show default_account --origin -o tsv --fields value,origin
        oms config show instance -I x --origin -o tsv --fields value,origin
        oms config get journal.retian 2> said; echo $? $(grep -c "did you mean 'journal.retain'" said)
        oms config path
        oms config schema oms | jq -r '.properties.journal.properties.retain.pattern, .additionalProperties'
        oms config schema accounts | jq -c '.properties.accounts.additionalProperties.additionalProperties.properties.mode'
        """)
      #expect(
        ran.lines == [
          "journal.fallback\t\tdefault", "journal.retain\t9d\tconf/oms.yaml:1", "journal.segment\t64MiB\tdefault", "9d",
          "64MiB", "sim.sub01\tenvironment OMS_ACCOUNT", "x\tflag --instance", "18 1", "conf",
          "^(forever|[0-9]+(ms|s|m|h|d))$", "false", #"{"enum":["paper","live"],"default":"paper"}"#,
        ], "\(ran.output)\(ran.errors)")
    }
  }

  /// `-- COMMAND` makes an instance of its own, on whose files soever.
  @Test func noOtherInstanceStartsOnTheFilesOfOne() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf; echo 'instance: prod' > conf/oms.yaml
        oms run -C conf --detach -q 2> refused; echo $? $(grep -c 'config.instance' refused)
        OMS_INSTANCE=other oms config check -C conf -q 2> refused; echo $? $(grep -c '^conf/oms.yaml:1:11: ' refused)
        oms run -C conf -- oms status -o tsv --fields state
        oms run -C conf -I prod --detach -q && oms status -I prod -o tsv --fields instance
        oms config reload -I prod -q; echo $?
        echo 'instance: test' > conf/oms.yaml; oms config reload -I prod -q 2> refused; echo $?
        oms stop -I prod -q
        """)
      #expect(ran.lines == ["10 1", "10 1", "running", "prod", "0", "10"], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func aReloadSaysWhatChangesAndWhatNeedsARestart() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        echo 'accounts: { sim: { main: { type: main } } }' > conf/accounts.yaml
        oms run -C conf --state "$PWD/state" --detach -q 2> said || exit 1
        trap 'oms stop -q' EXIT
        oms config diff; echo $?
        echo 'accounts: { sim: { main: { type: main, on_exit: cancel }, new: { type: main } } }' > conf/accounts.yaml
        show() { oms config "$@" -o tsv --fields key,running,disk,restart; echo $?; }
        show diff
        show reload --dry-run
        oms accounts -o id | wc -l
        show reload
        oms accounts -o id | wc -l
        show diff
        echo 'snapshot: { every: 2h }' > conf/oms.yaml
        show diff
        oms config reload 2> refusal; echo $? $(grep -c 'config.restart' refusal)
        echo 'snapshot: { evry: 2h }' > conf/oms.yaml
        oms config reload 2> refusal; echo $? $(grep -c 'evry.*every' refusal)
        """)
      let changes = [
        "accounts.sim.main.on_exit\t\tcancel\tfalse", "accounts.sim.new.type\t\tmain\tfalse",
      ]
      #expect(
        ran.lines == ["0"] + changes + ["41"] + changes + ["0", "1"] + changes + ["0", "2", "0"]
          + ["snapshot.every\t\t2h\ttrue", "41", "10 1", "10 2"], "\(ran.output)\(ran.errors)")
    }
  }

  @Test func aWiderLimitOfALiveAccountIsMeant() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir conf
        echo 'accounts: { sim: { main: { type: main, mode: live } } }' > conf/accounts.yaml
        limit() { echo "account: { \\"*\\": { max_order_notional: \\"$1 USDT\\" } }" > conf/risk.yaml; }
        limit 1000
        oms run -C conf --state "$PWD/state" --live --yes --detach -q 2> said || exit 1
        trap 'oms stop -q' EXIT
        value() { oms risk show -a sim.main --where 'limit==max_order_notional' -o tsv --fields value; }
        limit 500; oms config reload -q; echo $? $(value)
        limit 2000; oms config reload -q 2> refusal; echo $? $(value) $(grep -c 'max_order_notional.*from 500 to 2000' refusal)
        kill -HUP $(oms status -o tsv --fields pid)
        for n in $(seq 100); do grep -q 'this loosens' said && break; sleep 0.05; done
        value
        oms config reload --yes -q; echo $? $(value)
        rm conf/risk.yaml; oms config reload -q 2> refusal; echo $? $(value)
        """)
      #expect(ran.lines == ["0 500", "12 500 1", "500", "0 2000", "12 2000"], "\(ran.output)\(ran.errors)")
    }
  }
}
