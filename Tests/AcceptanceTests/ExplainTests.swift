import Testing

@Suite struct ExplainTests {
  @Test func explainsAsTextOnATerminalAndAsAnObjectInAPipe() throws {
    try Shell.with { shell in
      let text = try shell.oms("explain", "30", "-o", "table")
      #expect(text.status == 0)
      #expect(text.output.hasPrefix("exit 30\n") && text.output.contains("outcome.unknown"), "\(text.output)")
      let object = try shell.oms("explain", "risk.collar")
      #expect(object.output.contains(#""subject":"risk.collar","code":"risk.collar","exit":14,"sent":"no""#))
      let venue = try shell.oms("explain", "sim:-2010", "-o", "tsv", "--fields", "code,exit,sent")
      #expect(venue.output == "venue.rejected\t20\tyes\n", "\(venue.errors)")
    }
  }

  @Test(arguments: [
    ("risk.colar", "did you mean risk.collar?"), ("99", "exit-codes"), ("mars:-1", "sim:CODE"), ("sim:7", "-2010"),
  ])
  func whatIsNotKnownEndsWithEighteen(word: String, said: String) throws {
    try Shell.with { shell in
      let ran = try shell.oms("explain", word)
      #expect(ran.status == 18 && ran.output.isEmpty)
      #expect(ran.errors.contains(said) && ran.errors.contains("notfound.code"), "\(ran.errors)")
    }
  }
}
