/// What a word on the command line must look like. Checked when the line is read; whether the name exists or the number
/// fits the instrument is the engine's to say.
package enum ValueShape: Equatable, Sendable {
  case text
  case decimal
  /// DECIMAL, `DECIMAL%` or `all`.
  case quantity
  case percent
  case basisPoints
  case duration
  case time
  case count
  /// Orders per second: `50/s`.
  case rate
  case symbol
  case side
  /// Exactly one account, or `auto`.
  case account
  /// A comma list of accounts, globs, `@groups`, or `all`.
  case selection
  /// The id of an order that is there: those that the engine makes have a slash.
  case id
  case ids
  /// One to be given to an order.
  case freshID
  case name
  case instance
  /// `KEY=VALUE`.
  case pair
  case words
  case sortKey
  case expression
  case timeZone
  case file
  case directory
  case address
  case choice([String])
  case choices([String])
  /// Written like another shape, with words of its own for a shell to offer.
  case thing(Thing)

  /// What stands for such a value in the help.
  package var placeholder: String {
    switch self {
    case .text: "TEXT"
    case .decimal: "DECIMAL"
    case .quantity: "QTY"
    case .percent: "PCT"
    case .basisPoints: "BPS"
    case .duration: "DUR"
    case .time: "TIME"
    case .count: "N"
    case .rate: "N/s"
    case .symbol: "SYMBOL"
    case .side: "buy|sell"
    case .account: "ACCOUNT"
    case .selection: "SEL"
    case .id, .freshID: "ID"
    case .ids: "ID,..."
    case .name, .instance: "NAME"
    case .pair: "K=V"
    case .words: "A,B"
    case .sortKey: "FIELD[:desc]"
    case .expression: "EXPR"
    case .timeZone: "ZONE"
    case .file: "FILE"
    case .directory: "DIR"
    case .address: "ADDR"
    case .choice(let words): words.joined(separator: "|")
    case .choices: "LIST"
    case .thing(let thing): thing.grammar.placeholder
    }
  }

  /// The name of the shape in `oms help --json`.
  package var label: String {
    switch self {
    case .text: "text"
    case .decimal: "decimal"
    case .quantity: "quantity"
    case .percent: "percent"
    case .basisPoints: "bps"
    case .duration: "duration"
    case .time: "time"
    case .count: "count"
    case .rate: "rate"
    case .symbol: "symbol"
    case .side: "side"
    case .account: "account"
    case .selection: "selection"
    case .id, .freshID: "id"
    case .ids: "ids"
    case .name: "name"
    case .instance: "instance"
    case .pair: "pair"
    case .words: "words"
    case .sortKey: "sort"
    case .expression: "expression"
    case .timeZone: "zone"
    case .file: "file"
    case .directory: "directory"
    case .address: "address"
    case .choice: "choice"
    case .choices: "choices"
    case .thing(.newID): "id"
    case .thing(let thing): thing.rawValue
    }
  }

  /// The words to choose from, for help and completion.
  package var choices: [String] {
    switch self {
    case .side: ["buy", "sell"]
    case .choice(let words), .choices(let words): words
    default: []
    }
  }

  /// Why `text` is no such value; `nil` when it is one. The sentence goes on after "--flag: ".
  package func complaint(about text: String) -> String? {
    switch self {
    case .text, .expression, .file, .directory: text.isEmpty ? "needs a value" : nil
    case .decimal: Shapes.decimalComplaint(text)
    case .quantity: Shapes.quantityComplaint(text)
    case .percent: Shapes.unitComplaint(text, unit: "%", example: "0.5%")
    case .basisPoints: Shapes.unitComplaint(text, unit: "bps", example: "25bps")
    case .duration: Shapes.durationComplaint(text)
    case .time: Shapes.timeComplaint(text)
    case .count: Shapes.countComplaint(text)
    case .rate: Shapes.rateComplaint(text)
    case .symbol: Shapes.isSymbol(text) ? nil : "'\(text)' is not a symbol; write BTC-USDT or venue:BTC-USDT"
    case .side, .choice: choices.contains(text) ? nil : Shapes.choiceComplaint(text, choices)
    case .account: Shapes.accountComplaint(text)
    case .selection: Shapes.selectionComplaint(text)
    case .id: Shapes.idComplaint(text)
    case .ids: Shapes.firstComplaint(text, Shapes.idComplaint)
    case .freshID: Shapes.freshIDComplaint(text)
    case .name, .instance: Shapes.isName(text) ? nil : "'\(text)' is not a name: 1 to 64 of A-Z a-z 0-9 . _ : -"
    case .pair: Shapes.isPair(text) ? nil : "'\(text)' is not of the form KEY=VALUE"
    case .words: Shapes.firstComplaint(text) { $0.isEmpty ? "an empty name in '\(text)'" : nil }
    case .sortKey: Shapes.sortComplaint(text)
    case .timeZone: Shapes.offsetMinutes(text) == nil ? "'\(text)' is not UTC or an offset like +09:00" : nil
    case .address: Shapes.isAddress(text) ? nil : "'\(text)' is not HOST:PORT"
    case .choices(let words):
      Shapes.firstComplaint(text) { words.contains($0) ? nil : Shapes.choiceComplaint($0, words) }
    case .thing(let thing): thing.grammar.complaint(about: text)
    }
  }

  /// The stable code of a complaint: `usage.decimal`.
  package var errorCode: String {
    switch self {
    case .side, .choice, .choices: "usage.value"
    case .thing(let thing): thing.grammar.errorCode
    default: "usage." + label
    }
  }
}

extension ValueShape {
  package enum Thing: String, Sendable {
    case venue, limit
    case symbols
    case fields, objects
    case snapshot, code, topic, page, setting, benchmark
    /// Of an order that is not there yet.
    case newID

    var grammar: ValueShape {
      switch self {
      case .venue, .limit: .name
      case .symbols: .selection
      case .fields, .objects: .words
      case .snapshot, .code, .topic, .page, .setting, .benchmark: .text
      case .newID: .freshID
      }
    }
  }

  /// Whether one word holds several of them, with commas between.
  package var isList: Bool {
    switch self {
    case .selection, .ids, .words, .choices: true
    case .thing(let thing): thing.grammar.isList
    default: false
    }
  }
}
