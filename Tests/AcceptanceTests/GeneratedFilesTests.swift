import Foundation
import Testing

/// `man/` and `completions/` are made of the table of commands; nobody edits them.
@Suite struct GeneratedFilesTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

  private static func texts(_ directory: URL) throws -> [String: String] {
    var texts: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
      texts[name] = try String(contentsOf: directory.appending(path: name), encoding: .utf8)
    }
    return texts
  }

  @Test(arguments: ["completions", "man"]) func areWhatTheTableSays(folder: String) throws {
    try Shell.with { shell in
      let ran = try shell.oms("__generate", shell.directory.path)
      #expect(ran.status == 0 && ran.errors.isEmpty, "\(ran.errors)")
      let made = try Self.texts(shell.directory.appending(path: folder))
      let kept = try Self.texts(Self.root.appending(path: folder))
      #expect(made.count >= 3)
      for name in Set(made.keys).union(kept.keys).sorted() where made[name] != kept[name] {
        Issue.record("\(folder)/\(name) is not what the table of commands says: make generate")
      }
    }
  }

  @Test func aPageThatIsNoneAnyMoreGoes() throws {
    try Shell.with { shell in
      let man = shell.directory.appending(path: "man")
      try FileManager.default.createDirectory(at: man, withIntermediateDirectories: true)
      for name in ["oms-yesterday.1", "README"] { try Data().write(to: man.appending(path: name)) }
      _ = try shell.oms("__generate", shell.directory.path)
      let names = try FileManager.default.contentsOfDirectory(atPath: man.path)
      #expect(!names.contains("oms-yesterday.1") && names.contains("README") && names.contains("oms-order.1"))
    }
  }

  /// Each page has a word behind `oms man`, and each word a page.
  @Test func everyPageIsShownByItsWord() throws {
    try Shell.with { shell in
      let words = try shell.oms("__complete", "--", "man", "").lines.dropFirst().map { $0.prefix { $0 != "\t" } }
      let pages = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "man").path)
      #expect(words.count == pages.count)
      let script = words.map { "oms man --source '\($0)' | sed -n 's/^\\.Dt //p'" }.joined(separator: "\n")
      let titles = try shell.bash(script).lines.map { $0.replacing(" ", with: ".").lowercased() }
      #expect(titles.sorted() == pages.map { $0.lowercased() }.sorted())
    }
  }

  /// A shell that starts reads the script: it must cost nothing.
  @Test(arguments: [
    "/bin/bash -c 'source completions/oms.bash; complete -p oms'",
    "/usr/bin/zsh -f -c 'compdef() { echo complete $@ }; source completions/_oms'",
    "/usr/bin/fish --no-config -c 'source completions/oms.fish; complete oms'",
  ])
  func readingAScriptStartsNothing(line: String) throws {
    try Shell.with { shell in
      let ran = try shell.bash("cd '\(Self.root.path)'; env -i PATH=/nowhere HOME=\"$OLDPWD\" \(line)")
      #expect(ran.status == 0 && ran.errors.isEmpty && ran.output.hasPrefix("complete"), "\(ran.output)\(ran.errors)")
    }
  }

  /// mandoc warns of nothing, and man finds what was installed.
  @Test func installedPagesAreFound() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        share=$PWD/share; cd '\(Self.root.path)'
        scripts/install-words.sh "$share" && mandoc -T lint -W warning "$share"/man/man*/*
        mandoc "$share/man/man1/oms-order.1" | head -1
        cmp completions/oms.bash "$share/bash-completion/completions/oms"
        cmp completions/_oms "$share/zsh/site-functions/_oms"
        cmp completions/oms.fish "$share/fish/vendor_completions.d/oms.fish"
        """)
      #expect(ran.status == 0 && ran.errors.isEmpty && ran.lines.count == 1, "\(ran.output)\(ran.errors)")
      #expect(ran.output.hasPrefix("OMS-ORDER(1)"))
    }
  }
}
