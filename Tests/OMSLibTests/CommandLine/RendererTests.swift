import Testing

@testable import OMSLib

@Suite struct RendererTests {
  static let objects = [
    #"{"type":"fill","v":1,"seq":1,"trade_id":"7","symbol":"BTC-USDT","side":"buy","qty":"0.10","price":"9.5","rpnl":"1.5","tags":{"a":"1"}}"#,
    #"{"type":"fill","v":1,"seq":2,"trade_id":"8","symbol":"ETH-USDT","side":"sell","qty":"0.20","price":"10","rpnl":"-2","tags":{}}"#,
    #"{"type":"fill","v":1,"seq":3,"trade_id":"9","symbol":"BTC-USDT","side":"sell","qty":"0.03","price":null,"rpnl":"0","tags":{}}"#,
  ]

  private func render(_ objects: [String] = Self.objects, _ change: (inout OutputOptions) throws -> Void) throws
    -> String
  {
    var options = OutputOptions()
    try change(&options)
    var renderer = Renderer(options, to: .capturing())
    for object in objects { try renderer.take(Array(object.utf8)) }
    try renderer.finish(at: .zero)
    let text = renderer.file.captured
    return text
  }

  @Test func jsonlPassesBytesThrough() throws {
    let text = try render { _ in }
    #expect(text == Self.objects.map { $0 + "\n" }.joined())
    let nothing = try render([]) { _ in }
    #expect(nothing.isEmpty)
  }

  @Test func fieldsChooseAndOrderInEveryFormat() throws {
    let fields = ["price", "symbol", "tags.a"]
    let jsonl = try render { $0.fields = fields }
    #expect(jsonl.hasPrefix(#"{"price":"9.5","symbol":"BTC-USDT","tags.a":"1"}"# + "\n"))
    let csv = try render {
      $0.fields = fields
      $0.format = .csv
    }
    #expect(csv == "price,symbol,tags.a\n9.5,BTC-USDT,1\n10,ETH-USDT,\n,BTC-USDT,\n")
    let tsv = try render {
      $0.fields = fields
      $0.format = .tsv
    }
    #expect(tsv == "9.5\tBTC-USDT\t1\n10\tETH-USDT\t\n\tBTC-USDT\t\n")
  }

  @Test func idsStandAlone() throws {
    let ids = try render { $0.format = .id }
    #expect(ids == "7\n8\n9\n")
  }

  @Test func sortsNumbersAsNumbersAndAbsentOnesLast() throws {
    let up = try render {
      $0.sortField = "price"
      $0.format = .id
    }
    #expect(up == "7\n8\n9\n")
    let down = try render {
      $0.sortField = "price"
      $0.sortsDescending = true
      $0.format = .id
    }
    #expect(down == "8\n7\n9\n")
  }

  @Test(arguments: [["10", "9a", "9"], ["9a", "9", "10"], ["9", "10", "9a"]])
  func mixedCellsHaveOneOrder(cells: [String]) {
    #expect(cells.sorted { Row.rank($0, $1) < 0 } == ["9", "10", "9a"], "numbers first, whatever stood where")
  }

  @Test func filtersAndLimits() throws {
    let text = try render {
      $0.filter = try RowFilter("qty>=0.1 and side==buy or symbol == 'ETH-USDT'")
      $0.format = .id
    }
    #expect(text == "7\n8\n")
    let one = try render {
      $0.rowCountMax = 1
      $0.format = .id
    }
    #expect(one == "7\n")
  }

  @Test func sumsExactlyPerGroup() throws {
    let text = try render {
      $0.groupBy = ["symbol"]
      $0.sum = ["qty", "rpnl"]
      $0.format = .csv
    }
    #expect(text == "symbol,count,qty,rpnl\nBTC-USDT,2,0.13,1.5\nETH-USDT,1,0.20,-2\n")
    let json = try render {
      $0.groupBy = ["symbol"]
      $0.sum = ["qty"]
    }
    #expect(
      json.hasPrefix(
        #"{"type":"group","v":1,"ts":"1970-01-01T00:00:00.000000000Z","symbol":"BTC-USDT","count":2,"qty":"0.13"}"#))
  }

  @Test func quietShowsNothing() throws {
    let text = try render {
      $0.isQuiet = true
      $0.format = .table
    }
    #expect(text.isEmpty)
  }

  @Test func tablesAlignNumbersAndShowSigns() throws {
    let text = try render {
      $0.format = .table
      $0.fields = ["symbol", "qty", "rpnl"]
    }
    #expect(text == "SYMBOL     QTY  RPNL\nBTC-USDT  0.10  +1.5\nETH-USDT  0.20    -2\nBTC-USDT  0.03     0\n")
  }

  @Test func tablesDropColumnsThatDoNotFit() throws {
    let text = try render {
      $0.format = .table
      $0.fields = ["symbol", "qty", "price"]
      $0.width = 15
    }
    #expect(text.hasPrefix("SYMBOL     QTY\n"))
  }

  @Test func nothingInANameSteersTheTerminal() throws {
    let text = try render([#"{"type":"x","v":1,"name":"a\u001b[31mb\u009bc"}"#]) {
      $0.format = .table
    }
    #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x9B })
  }

  @Test(arguments: [
    ("plain", "plain", "plain"), ("a,b", "\"a,b\"", "a,b"), ("say \"x\"", "\"say \"\"x\"\"\"", "say \"x\""),
    ("a\tb\n\\", "\"a\tb\n\\\"", "a\\tb\\n\\\\"),
  ])
  func quotesCells(cell: String, csv: String, tsv: String) {
    #expect(Renderer.quotedCSV(cell) == csv)
    #expect(Renderer.escapedTSV(cell) == tsv)
  }

  @Test(arguments: ["", "qty", "qty >", "qty = 1", "qty >= 1 and", "qty >= 1 xor a == b", "'x", "qty >= 1 or or"])
  func refusesBrokenFilters(text: String) {
    #expect(throws: ErrorObject.self) { try RowFilter(text) }
  }

  @Test func namesUnknownFieldsBeforeAnythingIsAsked() {
    let spec = CommandSpec("fills", group: .state, summary: "", objects: ["fill"])
    for words in [
      ["--fields", "pricee"], ["--sort", "x"], ["--where", "foo==1"], ["--by", "side", "--sort", "qty"],
    ] {
      #expect(throws: ErrorObject.self) {
        let arguments = try ArgumentParser.parse(words, of: spec)
        _ = try OutputOptions(arguments, Environment([:]), spec: spec, isTerminal: false, terminalWidth: nil)
      }
    }
  }

  @Test func theDestinationDecidesTheFormat() throws {
    let spec = CommandSpec("fills", group: .state, summary: "", objects: ["fill"])
    func format(_ words: [String], _ environment: [String: String], _ isTerminal: Bool) throws -> OutputFormat {
      let arguments = try ArgumentParser.parse(words, of: spec)
      return try OutputOptions(
        arguments, Environment(environment), spec: spec, isTerminal: isTerminal, terminalWidth: 80
      ).format
    }
    #expect(try format([], [:], true) == .table)
    #expect(try format([], [:], false) == .jsonl)
    #expect(try format(["-o", "json"], [:], true) == .jsonl)
    #expect(try format([], ["OMS_OUTPUT": "csv"], true) == .csv)
    #expect(try format(["-o", "tsv"], ["OMS_OUTPUT": "csv"], true) == .tsv)
    #expect(throws: ErrorObject.self) { try format([], ["OMS_OUTPUT": "xml"], true) }
  }
}
