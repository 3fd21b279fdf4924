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

  /// The same across TCP and TLS: the exchange has a process of its own and speaks Binance's protocols.
  @Test func acrossTheWireNeither() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        "mkdir t; TMPDIR=$PWD/t omsim crash --wire --points 4 --jobs 2 --seed 77; echo $?; ls t")
      #expect(ran.lines.dropFirst() == ["4 passed, 0 failed", "0"], "\(ran.output) \(ran.errors)")
    }
  }

  /// A load while the wire fails, and order entry behind one fault.
  @Test func theWireIsMeasured() throws {
    try Shell.with { shell in
      let ran = try shell.bash(
        """
        mkdir t; export TMPDIR=$PWD/t
        omsim soak --seconds 5 --rate 60 --accounts 20 | tee soak | tail -1
        head -1 soak | jq -c '[.orders, .acknowledged > 0, .fills > 0]'
        omsim recovery --times 1 --fault socket_cut | tail -1
        ls t
        """)
      #expect(
        ran.lines == ["5 passed, 0 failed", "[300,true,true]", "1 passed, 0 failed"], "\(ran.output) \(ran.errors)")
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
