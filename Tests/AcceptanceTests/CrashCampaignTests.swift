import Testing

/// The campaign itself: it kills, repeats and compares, ends with its counts, and leaves nothing behind.
@Suite struct CrashCampaignTests {
  @Test func enginesThatAreKilledLoseAndDoubleNothing() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        "mkdir t; TMPDIR=$PWD/t omsim crash --points 5 --jobs 2 --seed 77; echo $?; ls t")
      #expect(ran.lines.dropFirst() == ["5 passed, 0 failed", "0"], "\(ran.output) \(ran.errors)")
      #expect(ran.errors.contains("crash: 5 of 5 points, 0 failed"))
    }
  }

  @Test func whatCannotBeACampaignIsRefused() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        "omsim crash --points 0; echo $?; omsim crash --jobs 99; echo $?; omsim exchange; echo $?")
      #expect(ran.lines == ["2", "2", "2"], "\(ran.errors)")
    }
  }
}
