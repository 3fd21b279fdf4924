import OMSLib

/// The readers that meet bytes of others.
enum FuzzTarget: String, CaseIterable {
  case configuration
  case configurations
  case json
  case decimal
  case words
  case request
  case batch
  case line
  case completion
  case filter
  case journal
  case ring
  case httpRequest
  case httpResponse
  case webSocket
  case keystore
  case secret
  case pem
  case binanceOrder = "binance-order"
  case binanceDepth = "binance-depth"
  case binanceTicker = "binance-ticker"
  case binanceSymbols = "binance-symbols"
  case binanceError = "binance-error"
  case binanceAccount = "binance-account"

  func read(_ input: [UInt8]) {
    switch self {
    case .configuration: Self.readConfiguration(input)
    case .configurations: Self.readConfigurations(input)
    case .json: Self.readJSON(input)
    case .decimal: DecimalTarget.read(input)
    case .words: Self.readWords(String(decoding: input, as: UTF8.self))
    case .request: RequestTarget.readLine(input)
    case .batch: RequestTarget.readBatch(input)
    case .line: LineTarget.parse(input)
    case .completion: LineTarget.complete(input)
    case .filter: FilterTarget.read(input)
    case .journal: JournalTarget.read(input)
    case .ring: RingTarget.read(input)
    case .httpRequest: HTTPTarget.readRequests(input)
    case .httpResponse: HTTPTarget.readResponses(input)
    case .webSocket: WebSocketTarget.read(input)
    case .keystore: VaultTarget.readKeystore(input)
    case .secret: VaultTarget.readInput(input)
    case .pem: VaultTarget.readPEM(input)
    case .binanceOrder: BinanceTarget.readOrder(input)
    case .binanceDepth: BinanceTarget.readDepth(input)
    case .binanceTicker: BinanceTarget.readTicker(input)
    case .binanceSymbols: BinanceTarget.readSymbols(input)
    case .binanceError: BinanceTarget.readError(input)
    case .binanceAccount: BinanceTarget.readAccount(input)
    }
  }

  private static let files = ConfigFile.names + ["\(ConfigFile.fragmentDirectory)/x.yaml"]

  /// YAML: the first byte chooses the file, a fragment among them.
  private static func readConfiguration(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let name = files[Int(first) % files.count]
    check([ConfigFile(name: name, path: name, bytes: Array(input.dropFirst()))])
  }

  /// All files together, in their order, with a zero byte between.
  private static func readConfigurations(_ input: [UInt8]) {
    let parts = input.split(separator: 0, omittingEmptySubsequences: false).prefix(files.count)
    check(zip(files, parts).map { ConfigFile(name: $0, path: $0, bytes: Array($1)) })
  }

  /// No configuration without settings may be silent about why.
  private static func check(_ files: [ConfigFile]) {
    let configuration = ConfigLoader.load(files, tellsDefaults: true)
    let hasErrors = configuration.problems.contains { $0.severity == .error }
    precondition((configuration.settings == nil) == hasErrors, "settings and errors, or neither")
    precondition(configuration.problems.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 }, "a problem nowhere")
    let values = configuration.values
    precondition(SettingValue.differences(values, values).isEmpty, "nothing differs from itself")
  }

  private static func readJSON(_ input: [UInt8]) {
    _ = try? JSONReader.read(input)
  }

  /// The words of a command line: what is read and printed again reads as the same.
  private static func readWords(_ text: String) {
    if let duration = try? DurationText.parse(text) {
      precondition(duration >= 0, "no duration is negative")
      let printed = DurationText.text(nanoseconds: duration)
      // Below a millisecond it is printed as a decimal, for eyes only.
      if duration % 1_000_000 == 0 {
        precondition((try? DurationText.parse(printed)) == duration, "printed and read again is another duration")
      }
    }
    _ = try? TimeText.parse(text, now: UTCTime(nanoseconds: 1_800_000_000_000_000_000))
    if let symbol = try? SymbolText(text) { precondition(!symbol.name.isEmpty, "a symbol has a name") }
    if let account = try? AccountName(text) { precondition(account.description == text, "a name is what was given") }
    if let id = try? OrderIDText.parse(text) { precondition(!id.isEmpty, "an id has bytes") }
  }
}
