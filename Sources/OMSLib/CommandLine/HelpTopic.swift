/// A subject that is not one command: `oms help TOPIC`, and a man page where it has one.
package struct HelpTopic: Sendable {
  package enum Block: Sendable {
    case heading(String)
    case text(String)
    case terms([(String, String)])
    /// Command lines, each run by a test as it stands.
    case lines([CommandSpec.Example])
    /// As it is written, nothing wrapped.
    case verbatim(String)
  }

  package let name: String
  package let summary: String
  package let blocks: [Block]

  package init(_ name: String, _ summary: String, _ blocks: [Block]) {
    self.name = name
    self.summary = summary
    self.blocks = blocks
  }

  /// Every command line of the topic.
  package var lines: [CommandSpec.Example] {
    blocks.flatMap { block -> [CommandSpec.Example] in
      if case .lines(let lines) = block { lines } else { [] }
    }
  }

  /// For people.
  package var text: String {
    var text = summary + ".\n"
    for block in blocks {
      text += "\n"
      switch block {
      case .heading(let title): text += title + "\n"
      case .text(let paragraph): text += HelpText.wrapped(paragraph, indent: 0)
      case .terms(let rows): text += HelpText.list(rows)
      case .lines(let lines): text += HelpText.examples(lines)
      case .verbatim(let lines): for line in lines.split(separator: "\n") { text += "  \(line)\n" }
      }
    }
    return text
  }
}

extension HelpTopic {
  /// Those that need nothing of higher layers.
  package static let common: [HelpTopic] = [
    exitCodes, output, symbols, accounts, safety, batch, streams, rings, recipes, emergency,
  ]

  package static let exitCodes = HelpTopic(
    "exit-codes", "What the status of a command tells a script",
    [
      .text(
        """
        The tens digit says what was sent: 1x nothing, 2x the venue answered and it is not what was asked for, 3x open, \
        4x the data cannot be trusted. Only 30 means: do not retry with a new id.
        """),
      .terms(
        ExitCode.allCases.map { code in
          let sent = code.sent == "-" ? "" : " (sent: \(code.sent))"
          return ("\(code.rawValue)", code.meaning + sent + (code.reaction == "-" ? "" : "; then: \(code.reaction)"))
        }),
      .text(
        """
        Any other code is a failure. Several outcomes at once are 32 if any part succeeded, else the most careful one. \
        `oms run -- COMMAND` and `oms guard -- COMMAND` end with the status of COMMAND. A reader that closes the pipe of \
        a command that only reads is no failure. `oms check` has a table of its own: 0 ok, 1 warning, 2 critical, \
        3 unknown.
        """),
      .lines([
        .init("oms explain 30", "one code, with the errors that end so"),
        .init("oms status -q || echo \"not trading: $?\"", "a status is a test"),
      ]),
    ])

  package static let output = HelpTopic(
    "output", "Formats, fields, and what scripts can rely on",
    [
      .text(
        """
        Results go to standard output, everything else to standard error. On a terminal they are tables, elsewhere one \
        JSON object per line; -o chooses: table, jsonl, csv, tsv, id.
        """),
      .terms([
        ("first members", "`type` and `v`; members are added under the same `v`, never renamed, removed or retyped"),
        ("decimals", "strings in plain notation, without exponent; equal values of one instrument are equal strings"),
        ("ids", "strings; `seq` and counters are numbers below 2^53"),
        ("times", "RFC 3339 in UTC with nine digits of a second; a sort of the text is a sort by time"),
        ("null", "not known, or does not apply; members are never left out instead"),
        ("mode", "paper or live, in every object that is about an account"),
        ("errors", "one `error` object on standard error with -o jsonl or OMS_ERRORS=json"),
      ]),
      .text("Sums are exact decimal arithmetic; those of jq are binary floating point."),
      .lines([
        .init("oms orders --open -o tsv --fields id,status,filled", "three fields, for read and cut"),
        .init("oms fills --where 'notional>=100' --by symbol --sum notional,fee", "exact sums"),
        .init("oms orders --sort price:desc --limit-rows 3", "the three highest"),
        .init("oms balances -o csv > balances.csv", "for a spreadsheet"),
        .init("oms schema order", "the JSON Schema of a type"),
      ]),
    ])

  package static let symbols = HelpTopic(
    "symbols", "How instruments, quantities and times are written",
    [
      .terms([
        ("SYMBOL", "BTC-USDT spot, BTC-USDT-PERP perpetual, BTC-USDT-261225 future; venue:BTC-USDT pins a venue"),
        ("other forms", "BTC/USDT and BTCUSDT are read where they are unambiguous; output is always canonical"),
        ("QTY", "base units, N% of what is free, or all (spot sells); --quote DECIMAL is an amount of money"),
        ("DECIMAL", "digits with one point at most: no sign, exponent, comma or unit"),
        ("too fine", "ends with 2 and names the two nearest values; --round down|up|nearest takes one"),
        ("BPS, PCT", "25bps, 0.5%; a bare number is an error"),
        ("DUR", "250ms 5s 10m 2h 30d"),
        ("TIME", "RFC 3339, YYYY-MM-DD, now, today, -15m, @SECONDS"),
        ("ID", "1 to 64 of A-Z a-z 0-9 . _ : - and unique for ever in an instance"),
      ]),
      .lines([
        .init("oms symbols 'BTC-*'", "with tick, lot and smallest sizes"),
        .init("oms risk check buy BTC-USDT 0.0100000001 --limit 50000 --round down", "rounded knowingly"),
        .init("oms order buy BTC-USDT --quote 500 --market", "for 500 USDT"),
      ]),
    ])

  package static let accounts = HelpTopic(
    "accounts", "How accounts are named and chosen",
    [
      .terms([
        ("NAME", "exchange.name as in accounts.yaml: sim.main, sim.sub001"),
        ("SEL", "a comma list of names, patterns ('sim.sub*'), groups (@desk), or all"),
        ("reading", "without -a: all accounts"),
        ("sending", "exactly one: -a, else OMS_ACCOUNT, else default_account, else the only one there is"),
        ("live", "an account is paper unless accounts.yaml says `mode: live`; a live one is never a default"),
      ]),
      .text(
        """
        Without configuration there are sim.main (100000 USDT, 1 BTC, 10 ETH) and sim.sub01 to sim.sub03 on the built-in \
        exchange.
        """),
      .lines([
        .init("oms accounts", "all, with state and equity"),
        .init("oms balances -a 'sim.sub*' --asset USDT --sum total", "what the sub-accounts hold together"),
        .init("oms positions -a all --by symbol --sum qty,notional", "net over all accounts"),
      ]),
    ])

  package static let batch = HelpTopic(
    "batch", "Many orders through one process",
    [
      .text(
        """
        `oms batch` reads one JSON object per line and answers with one `result` per line, in input order. An `id` makes \
        a line safe to repeat: feed the same file again after any accident, what was done is not done twice.
        """),
      .verbatim(
        """
        {"op":"order","symbol":"BTC-USDT","side":"buy","qty":"0.001","limit":"50000.00","id":"ladder-0"}
        {"op":"amend","id":"ladder-0","limit":"50001.00"}
        {"op":"barrier"}
        {"op":"cancel","id":"ladder-0"}
        {"op":"sleep","ms":100}
        """),
      .terms([
        ("op", "order when left out; barrier waits for all lines before it"),
        ("members", "those of the flags of `oms order`, with _ for -; flags is a list: [\"post_only\"]"),
        ("numbers", "strings, or plain decimals whose text is taken as it is"),
        ("--on-error stop", "the rest answers busy.not_attempted after a failure; continue tries every line"),
        ("--precheck", "nothing is sent unless all lines pass the checks"),
        ("exit", "0 all, the failure's code if nothing succeeded, 32 mixed, 30 if any is unknown"),
      ]),
      .lines([
        .init(
          "printf '%s\\n' '{\"symbol\":\"BTC-USDT\",\"side\":\"buy\",\"qty\":\"0.001\",\"limit\":\"50000\"}' | oms batch -",
          "one line from a pipe"),
        .init("oms orders --open -o id | oms cancel -", "the same machine, for cancels"),
      ]),
    ])

  package static let streams = HelpTopic(
    "streams", "Following what happens without missing anything",
    [
      .terms([
        ("seq", "one line of numbers over all types, filters and restarts; --after SEQ is strictly greater"),
        ("--follow", "the asked-for past (-n, --since, --after), then live"),
        ("gap", "an object in the place of events that are not kept any more; --no-gaps ends with 40 instead"),
        ("--take N", "ends with 0 after N objects"),
        ("--idle DUR", "ends with 31 when nothing came for so long"),
        ("--until-done", "ends with the code of the order"),
        ("--every DUR", "prices: at most one per period; order and fill streams leave nothing out"),
        ("restart", "a follower ends with 16 when its engine leaves; begin again with --after"),
      ]),
      .text("The same objects, in the same order, stand in the daily files below `oms path logs`."),
      .lines([
        .init("oms events --from-start --take 1 -o tsv --fields seq", "the first number that is kept"),
        .init("oms events --after 1 --type fill", "every fill behind number 1"),
        .init("oms ticker BTC-USDT --follow --every 100ms --take 3", "three prices"),
        .init("cat \"$(oms path logs)\"/events-*.jsonl", "the log itself"),
      ]),
    ])
}
