/// Names for the numbers in records: what the Define records and texts of a journal have said so far.
///
/// Fed with every record in order. Readers of the journal keep one each; it never looks at the core.
package struct NameDirectory: Sendable {
  package struct Account: Sendable {
    package var name = ""
    package var mode = Mode.paper
    package var venue = VenueID.none
    package var parent = AccountID.none
    package var type = AccountType.main
    package var spotEnabled = false
    package var futuresEnabled = false
    package var isHedged = false
    package var isRemoved = false
  }

  package struct Asset: Sendable {
    package var name = ""
    package var scale = 0
  }

  // Index 0 is "none".
  package private(set) var assets = [Asset()]
  package private(set) var venues = [""]
  package private(set) var instruments = [Instrument()]
  package private(set) var accounts = [Account()]
  package private(set) var strategies = [""]
  private var texts: [UInt32: [UInt8]] = [:]
  /// Oldest first, so that the table keeps its bound.
  private var textOrder: [UInt32] = []
  private var oldestText = 0
  package private(set) var epoch: UInt32 = 0
  package private(set) var tag = ""

  package init() {}

  /// Takes in one record; anything that names nothing is ignored.
  package mutating func apply(_ type: RecordType, _ body: UnsafeRawBufferPointer) {
    switch type {
    case .start:
      guard let start = unsafe Self.load(StartInput.self, body) else { return }
      epoch = start.epoch
      tag = start.tag.description
    case .defineAsset:
      guard let input = unsafe Self.load(DefineAssetInput.self, body) else { return }
      Self.set(&assets, input.id.index, Asset(name: input.name.description, scale: Int(input.scale)), Asset())
    case .defineVenue:
      guard let input = unsafe Self.load(DefineVenueInput.self, body) else { return }
      Self.set(&venues, input.id.index, input.name.description, "")
    case .defineStrategy:
      guard let input = unsafe Self.load(DefineStrategyInput.self, body) else { return }
      Self.set(&strategies, input.id.index, input.name.description, "")
    case .defineInstrument:
      guard let input = unsafe Self.load(Instrument.self, body) else { return }
      Self.set(&instruments, input.id.index, input, Instrument())
    case .defineAccount:
      guard let input = unsafe Self.load(DefineAccountInput.self, body) else { return }
      Self.set(&accounts, input.id.index, Self.account(input), Account())
    case .setText:
      guard let input = unsafe Self.load(SetTextInput.self, body) else { return }
      keep(input)
    default: return
    }
  }

  package func asset(_ id: AssetID) -> Asset? { id.isNone || id.index >= assets.count ? nil : assets[id.index] }

  package func instrument(_ id: InstrumentID) -> Instrument? {
    id.isNone || id.index >= instruments.count || instruments[id.index].id.isNone ? nil : instruments[id.index]
  }

  package func account(_ id: AccountID) -> Account? {
    id.isNone || id.index >= accounts.count ? nil : accounts[id.index]
  }

  package func venue(_ id: VenueID) -> String? { id.isNone || id.index >= venues.count ? nil : venues[id.index] }

  package func strategy(_ id: StrategyID) -> String? {
    id.isNone || id.index >= strategies.count ? nil : strategies[id.index]
  }

  /// The tags of a text record as the bytes of a JSON object.
  package func tags(_ text: UInt32) -> [UInt8]? { texts[text] }

  package func accountID(named name: String) -> AccountID? {
    accounts.lastIndex { $0.name == name }.flatMap { $0 == 0 ? nil : AccountID(number: UInt16($0)) }
  }

  package func assetID(named name: String) -> AssetID? {
    assets.lastIndex { $0.name == name }.flatMap { $0 == 0 ? nil : AssetID(number: UInt16($0)) }
  }

  package func venueID(named name: String) -> VenueID? {
    venues.lastIndex(of: name).flatMap { $0 == 0 ? nil : VenueID(number: UInt16($0)) }
  }

  package func strategyID(named name: String) -> StrategyID? {
    strategies.lastIndex(of: name).flatMap { $0 == 0 ? nil : StrategyID(number: UInt16($0)) }
  }

  private mutating func keep(_ input: SetTextInput) {
    let length = Int(input.length)
    guard length <= SetTextInput.capacity else { return }
    let bytes = unsafe withUnsafeBytes(of: input.a) { unsafe Array($0.prefix(length)) }
    if texts.updateValue(bytes, forKey: input.id) != nil { return }
    textOrder.append(input.id)
    if textOrder.count - oldestText > Limits.textCount {
      texts[textOrder[oldestText]] = nil
      oldestText += 1
      if oldestText == Limits.textCount {
        textOrder.removeFirst(oldestText)
        oldestText = 0
      }
    }
  }

  private static func account(_ input: DefineAccountInput) -> Account {
    Account(
      name: input.name.description, mode: Mode(rawValue: input.modeRaw) ?? .live, venue: input.venue,
      parent: input.parent, type: AccountType(rawValue: input.typeRaw) ?? .main, spotEnabled: input.spotEnabled != 0,
      futuresEnabled: input.futuresEnabled != 0, isHedged: input.hedgeMode != 0, isRemoved: input.isRemoved != 0)
  }

  private static func set<T>(_ table: inout [T], _ index: Int, _ value: T, _ empty: T) {
    guard index > 0 else { return }
    while table.count <= index { table.append(empty) }
    table[index] = value
  }

  static func load<T: BitwiseCopyable>(_: T.Type, _ body: UnsafeRawBufferPointer) -> T? {
    guard body.count >= MemoryLayout<T>.size else { return nil }
    return unsafe body.loadUnaligned(as: T.self)
  }
}
