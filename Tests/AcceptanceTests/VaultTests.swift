import Foundation
import Testing

/// `oms vault` as its user meets it: at a terminal, in scripts, in a session that is thrown away; and that nothing secret
/// is anywhere it does not belong.
@Suite struct VaultTests {
  private static let passphrase = "correct horse battery"

  /// A shell with a keystore, and a function `vault` that hands each command the passphrase.
  private static func withKeystore<R>(_ body: (Shell) throws -> R) throws -> R {
    try Shell.with { shell in
      try #expect(bash(shell, "vault init -q").status == 0)
      return try body(shell)
    }
  }

  private static func bash(_ shell: Shell, _ script: String, variables: [String: String] = [:]) throws -> Ran {
    try shell.bash(
      """
      vault() { oms vault "$@" --passphrase-fd 9 9<<<'\(passphrase)'; }
      put() { printf '%s' "{\\"key\\":\\"$2\\",\\"secret\\":\\"$3\\"}" | vault put "$1" --from-stdin "${@:4}"; }
      \(script)
      """, variables: variables)
  }

  private static let keystore = "$XDG_STATE_HOME/oms/default/keystore"

  // MARK: Scripts

  @Test func aThrowAwaySessionNeedsNothing() throws {
    try Shell.with { shell in
      let ran = try shell.run([
        "oms", "run", "--", "bash", "-ec",
        """
        printf '%s' '{"key":"k-demo","secret":"s-demo"}' | oms vault put binance.main --from-stdin -q
        oms vault list -o jsonl | jq -er 'select(.name=="binance.main") | has("secret")|not'
        oms vault status -o jsonl | jq -er '[.state, .key, .thrown_away, .secrets] | @csv'
        """,
      ])
      #expect(ran.status == 0 && ran.output == "true\n\"unlocked\",\"random\",true,1\n", "\(ran.output)\(ran.errors)")
      let left = try shell.bash("find . -name 'keystore*' | wc -l")
      #expect(left.output == "0\n", "the keystore goes with the session")
    }
  }

  @Test func secretsArePutListedAndRemoved() throws {
    try Self.withKeystore { shell in
      let put = try Self.bash(shell, "put binance.main k-1 s-1; put okx.main k-2 s-2 -q --kind hmac")
      #expect(put.status == 0 && put.lines.count == 1, "\(put.errors)")
      let listed = try shell.bash(
        "oms vault list -o jsonl | jq -er '[.type,.name,.kind,.backend,.can_trade,.can_withdraw,(keys|length)]|@json'")
      #expect(
        listed.lines == [
          #"["secret","binance.main","hmac","keystore",null,null,9]"#,
          #"["secret","okx.main","hmac","keystore",null,null,9]"#,
        ], "\(listed.output)")
      let removed = try Self.bash(shell, "vault rm okx.main --yes && oms vault list -o id")
      #expect(removed.output == "binance.main\n" && removed.errors.contains("removed 'okx.main'"))
      let pair = try Self.bash(
        shell,
        """
        openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
        jq -n --rawfile s key.pem '{key: "k-3", secret: $s}' | vault put binance.sub --from-stdin -o jsonl | jq -r .kind
        openssl genrsa 2048 2>/dev/null | jq -R -s '{key: "k-4", secret: .}' > rsa.json
        vault put binance.rsa --from-file rsa.json -o jsonl | jq -r .kind
        vault put binance.fd --from-fd 8 8<<<'{"key":"k-5","secret":"s-5"}' -o jsonl | jq -r .kind
        """)
      #expect(pair.output == "ed25519\nrsa\nhmac\n", "\(pair.errors)")
    }
  }

  @Test func whatIsThereIsReplacedOnlyWhenThatIsMeant() throws {
    try Self.withKeystore { shell in
      let ran = try Self.bash(
        shell,
        """
        put a.b k s -q; echo $?
        put a.b k s -q; echo $?
        put a.b k s -q --yes; echo $?
        vault rm a.b; echo $?
        vault rm c.d --yes; echo $?
        vault rm a.b --yes -q; echo $?
        vault init; echo $?
        """)
      #expect(ran.output == "0\n12\n0\n12\n18\n0\n19\n", "\(ran.errors)")
      for code in ["confirm.needed", "notfound.secret", "conflict.keystore"] { #expect(ran.errors.contains(code)) }
    }
  }

  @Test func withoutAPassphraseNothingIsOpened() throws {
    try Shell.with { shell in
      let none = try shell.bash("oms vault list; echo $?; oms vault unlock; echo $?; oms vault init; echo $?")
      #expect(none.output == "11\n11\n11\n", "\(none.errors)")
      try #expect(shell.bash("oms vault status -o jsonl | jq -r .state; exit ${PIPESTATUS[0]}").output == "none\n")
      let ran = try Self.bash(
        shell,
        """
        vault init -q; echo $?
        oms vault status -q; echo $?
        printf '{"key":"k","secret":"s"}' | oms vault put a.b --from-stdin; echo $?
        oms vault rm a.b --yes; echo $?
        oms vault unlock --passphrase-fd 9 9<<<'another passphrase'; echo $?
        oms vault init --from-fd 9 9<<<'short'; echo $?
        oms vault unlock --passphrase-fd 77; echo $?
        """)
      #expect(ran.output == "0\n11\n11\n18\n11\n19\n1\n", "\(ran.errors)")
      #expect(ran.errors.contains("auth.locked") && ran.errors.contains("auth.keystore_key"))
      let short = try shell.bash("oms vault init -I other --from-fd 9 9<<<'short'")
      #expect(short.status == 2 && short.errors.contains("usage.passphrase"))
    }
  }

  @Test func systemdHandsOverThePassphrase() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir credentials && echo '\(Self.passphrase)' > credentials/oms-keystore
        export CREDENTIALS_DIRECTORY=$PWD/credentials
        oms vault init -q && printf '{"key":"k","secret":"s"}' | oms vault put a.b --from-stdin -o id
        """)
      #expect(ran.status == 0 && ran.output == "a.b\n", "\(ran.errors)")
    }
  }

  /// Where the kernel has a keyring; where not, the command must say so.
  @Test func unlockedItStaysOpenUntilItIsLocked() throws {
    try Self.withKeystore { shell in
      let unlock = try Self.bash(shell, "vault unlock")
      guard unlock.status == 0 else {
        #expect(unlock.status == 11 && unlock.errors.contains("auth.keyring"), "\(unlock.errors)")
        return
      }
      let ran = try shell.bash(
        """
        oms vault status -q; echo $?
        printf '{"key":"k","secret":"s"}' | oms vault put a.b --from-stdin -q; echo $?
        oms vault lock -q; echo $?
        oms vault status -q; echo $?
        printf '{"key":"k","secret":"s"}' | oms vault put a.c --from-stdin -q; echo $?
        oms vault lock
        """)
      #expect(ran.output == "0\n0\n0\n11\n11\n" && ran.errors.contains("locked already"), "\(ran.errors)")
    }
  }

  @Test(arguments: [
    "oms vault put a.b --from-stdin --from-fd 3", "oms vault put a.b < /dev/null", "oms vault put 'a b' --from-stdin",
    "oms vault put a.b --from-stdin --passphrase-fd 0", "oms vault put a.b --from-fd 1", "oms vault put --from-stdin",
    "oms vault unlock --for 0s", "oms vault put a.b --from-stdin --kind dsa", "oms vault rm a.b --dry-run",
    "printf '{\"key\":\"k-demo\",\"secrets\":\"s-demo\"}' | oms vault put a.b --from-stdin --passphrase-fd 9 9<<<'\(passphrase)'",
  ])
  func refuses(line: String) throws {
    try Self.withKeystore { shell in
      let ran = try shell.bash(line)
      #expect(ran.status == 2 && ran.output.isEmpty && !ran.errors.contains("s-demo"), "\(ran.errors)")
    }
  }

  // MARK: The file

  @Test func whatOthersCouldHaveReadOrChangedIsRefused() throws {
    try Self.withKeystore { shell in
      try #expect(Self.bash(shell, "put a.b k-1 s-1 -q").status == 0)
      let modes = try shell.bash(
        "umask 000; stat -c %a \(Self.keystore) \(Self.keystore).lock ${XDG_STATE_HOME}/oms/default")
      #expect(modes.output == "600\n600\n700\n")
      for (harm, code) in [
        ("chmod 640 k", "auth.keystore_exposed"), ("chmod 755 .", "auth.keystore_exposed"),
        ("ln k second", "auth.keystore_exposed"), ("head -c -1 k > j; cat j > k", "auth.keystore_damaged"),
        ("printf x | dd of=k bs=1 seek=300 conv=notrunc status=none", "auth.keystore_damaged"),
        (": > k", "auth.keystore_damaged"),
        ("printf '\\2' | dd of=k bs=1 seek=8 conv=notrunc status=none", "auth.keystore_version"),
        ("mv k l; ln -s l k", "io.open"),
      ] {
        let ran = try shell.bash(
          """
          cd $XDG_STATE_HOME/oms/default && cp keystore ../saved && mv keystore k && { \(harm); } && mv k keystore
          oms vault list; echo $?
          rm -f keystore second l j; chmod 700 .; cp ../saved keystore; chmod 600 keystore
          """)
        #expect(ran.errors.contains(code), "\(harm): \(ran.errors)")
        #expect(ran.errors.contains("/oms/default"), "\(harm) does not name the file: \(ran.errors)")
      }
      try #expect(shell.bash("oms vault list -o id").output == "a.b\n")
    }
  }

  @Test func writersWaitForEachOther() throws {
    try Self.withKeystore { shell in
      let ran = try Self.bash(
        shell,
        """
        for i in 1 2 3 4 5 6; do put a.$i k-$i s-$i -q & done
        wait; oms vault list -o id | wc -l; oms vault list -o id | sort -u | wc -l
        """)
      #expect(ran.output == "6\n6\n", "\(ran.errors)")
    }
  }

  /// Killed while it writes, again and again: old or new is there, and what was said to be kept is kept.
  @Test func aWriterThatIsKilledLeavesAWholeFile() throws {
    try Shell.with { shell in
      let ran = try shell.run([
        "oms", "run", "--", "bash", "-c",
        """
        put() { printf '{"key":"k","secret":"s"}' | oms vault put "$1" --from-stdin -q; }
        put a.first || exit 3
        kept=a.first
        for i in $(seq 20); do
          put a.$i & victim=$!
          sleep 0.0$((RANDOM % 60 + 10)); pkill -9 -P $victim oms 2>/dev/null
          wait $victim 2>/dev/null && kept="$kept a.$i"
          found=$(oms vault list -o id) || exit 4
          for name in $kept; do grep -qx "$name" <<< "$found" || { echo "lost $name"; exit 5; }; done
        done
        put a.last && oms vault list -o id | grep -x a.last
        """,
      ])
      #expect(ran.status == 0 && ran.output == "a.last\n", "\(ran.status) \(ran.output)\(ran.errors)")
    }
  }

  // MARK: A person

  @Test func aTerminalShowsNothingOfWhatIsTyped() throws {
    try Shell.with { shell in
      let made = try Typist(shell, "oms vault init")
      made.reads("a new passphrase for the keystore: ").types(Self.passphrase + "\n")
      made.reads("the same again: ").types(Self.passphrase + "\n")
      #expect(made.status() == 0 && made.transcript.contains("made "), "\(made.transcript)")
      let put = try Typist(shell, "oms vault put binance.main -q")
      put.reads("passphrase of the keystore: ").types(Self.passphrase + "\n")
      put.reads("API key of binance.main: ").types("k-canary-1\n").reads("secret of binance.main: ")
      put.types("s-canary-1\n")
      #expect(put.status() == 0, "\(put.transcript)")
      let again = try Typist(shell, "oms vault put binance.main")
      again.reads("'binance.main' is there already: hmac").reads("replace it? [y/N] ").types("\n")
      #expect(again.status() == 12)
      let removed = try Typist(shell, "oms vault rm binance.main; stty -a | grep -c ' echo '")
      removed.reads("remove it? [y/N] ").types("y\n").reads("passphrase of the keystore: ")
        .types(Self.passphrase + "\n").reads("removed 'binance.main'").reads("1")
      #expect(removed.status() == 0, "the terminal shows again what is typed")
      for typist in [made, put, removed] {
        for word in ["canary", "correct"] { #expect(!typist.transcript.contains(word), "\(typist.transcript)") }
      }
    }
  }

  @Test func silenceAndMistakesAreNoPassphrase() throws {
    try Self.withKeystore { shell in
      for key in ["\u{3}", "\u{4}"] {
        let typist = try Typist(shell, "oms vault unlock; echo \"ended $?\"; stty -a | grep -c ' echo '")
        typist.reads("passphrase of the keystore: ").types(key).reads("ended 12").reads("1")
        _ = typist.status()
      }
      let wrong = try Typist(shell, "oms vault unlock")
      wrong.reads("passphrase of the keystore: ").types("incorrect horse\n")
      #expect(wrong.status() == 11 && wrong.transcript.contains("auth.keystore_key"))
      let unequal = try Typist(shell, "oms vault init -I other")
      unequal.reads("keystore: ").types("12345678\n").reads("again: ").types("12345679\n")
      #expect(unequal.status() == 2 && unequal.transcript.contains("usage.passphrase"))
    }
  }

  // MARK: The canary

  /// Marked secrets go through every command; then every file, output, argument and variable is searched for the marks.
  /// The mark stands in no argument of the test itself: the script puts it together.
  @Test func noSecretIsAnywhereItDoesNotBelong() throws {
    try Self.withKeystore { shell in
      let (head, tail) = ("canary", "\(UInt64.random(in: 1_000_000_000 ... .max))")
      let ran = try Self.bash(
        shell,
        """
        m=\(head); m+=\(tail)
        mkfifo pipe
        vault put binance.main --from-fd 8 -vv -o jsonl 8< pipe > put.out 2> put.err &
        exec 7> pipe
        printf '{"key":"key-%s",' $m >&7
        for n in $(seq 100); do oms=$(pgrep -P $! -x oms) && break; sleep 0.1; done
        for n in $(seq 100); do grep -q 'Max core file size  *0  *0 ' /proc/$oms/limits && break; sleep 0.1; done
        for process in /proc/[0-9]*; do
          cat $process/cmdline $process/environ 2>/dev/null | tr '\\0' '\\n' | grep -qF -f <(printf %s $m) && echo "seen: $process"
        done
        awk '/Max core file size/ { print "core", $5, $6 }' /proc/$oms/limits
        printf '"secret":"secret-%s"}' $m >&7; exec 7>&-
        wait
        printf '{"key":"key-%s","secret":"secret-%s","kind":"rsa"}' $m $m | vault put a.bad --from-stdin > bad.out 2> bad.err
        printf '{"key":"key-%s","secret-%s":1}' $m $m | vault put a.bad --from-stdin > bad.out 2> bad.err
        vault rm nobody --yes > rm.out 2> rm.err
        for form in table jsonl json csv tsv id; do
          oms vault list -o $form; oms vault status -o $form
        done > all.out 2> all.err
        oms run --detach -q; oms vault status > state.out; oms status > engine.out; oms events --after 0 > events.out
        oms logs > logs.out 2>&1; oms doctor > doctor.out 2>&1; oms stop -q
        """)
      #expect(ran.output.contains("core 0 0"), "\(ran.output)\(ran.errors)")
      #expect(!ran.output.contains("seen"), "\(ran.output)")
      let put = try String(contentsOf: shell.directory.appending(path: "put.out"), encoding: .utf8)
      #expect(put.contains("binance.main"), "\(ran.errors)")
      let coded = Data("secret-\(head)\(tail)".utf8).base64EncodedString().prefix(20)
      let hits = try shell.bash("grep -rlaE '\(head)\(tail)|\(coded)' . /dev/shm/oms-* 2>/dev/null")
      #expect(hits.output.isEmpty, "\(hits.output)")
    }
  }

  /// A command that has read the secret and waits for its turn to write: wherever the secret lies in its memory, that is
  /// locked and in no dump. Only root may look; everybody else is refused, which is the point.
  @Test func inMemoryASecretLiesInLockedPagesOnly() throws {
    try Self.withKeystore { shell in
      let mark = "secret-\(UInt64.random(in: 1_000_000_000 ... .max))"
      let input = shell.directory.appending(path: "input")
      try Data("{\"key\":\"k\",\"secret\":\"\(mark)\"}".utf8).write(to: input)
      let typist = try Typist(
        shell,
        """
        flock \(Self.keystore).lock sleep 600 & holder=$!
        oms vault put a.b --from-file input --timeout 10m --passphrase-fd 9 9<<<'\(Self.passphrase)' & oms=$!
        # It sleeps between two looks at the lock: clock_nanosleep.
        for n in $(seq 600); do grep -q '^230 ' /proc/$oms/syscall && break; sleep 0.05; done
        echo "process $oms waits"; read; pkill -9 -P $holder; wait $oms
        """)
      typist.reads(" waits")
      defer {
        #expect(typist.types("\n").status() == 0, "it writes when it is its turn: \(typist.transcript)")
      }
      let words = typist.transcript.split(separator: " ")
      let process = String(words[try #require(words.lastIndex(of: "waits\n") ?? words.lastIndex(of: "waits")) - 1])
      let memory = open("/proc/\(process)/mem", O_RDONLY)
      guard memory >= 0 else {
        #expect(getuid() != 0, "root may look: \(typist.transcript)")
        return
      }
      var (kept, loose) = (0, 0)
      for place in Self.mappings(try shell.bash("cat /proc/\(process)/smaps").output) {
        var bytes = [UInt8](repeating: 0, count: Int(place.end - place.start))
        // Guard pages, and what the kernel lends every process, have no bytes to read.
        guard pread(memory, &bytes, bytes.count, Int(truncatingIfNeeded: place.start)) > 0 else { continue }
        guard Data(bytes).range(of: Data(mark.utf8)) != nil else { continue }
        if place.isKept { kept += 1 } else { loose += 1 }
      }
      close(memory)
      #expect(kept > 0, "it was not read yet")
      #expect(loose == 0, "a copy lies in \(loose) other places")
    }
  }

  private struct Mapping {
    let start: UInt64
    let end: UInt64
    /// Locked, and in no dump.
    var isKept = false
  }

  private static func mappings(_ smaps: String) -> [Mapping] {
    var found: [Mapping] = []
    for line in smaps.split(separator: "\n") {
      let words = line.split(separator: " ")
      let range = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      if range.count == 2 {
        found.append(Mapping(start: range[0], end: range[1]))
      } else if words[0] == "VmFlags:", !found.isEmpty {
        found[found.count - 1].isKept = words.contains("lo") && words.contains("dd")
      }
    }
    return found
  }
}
