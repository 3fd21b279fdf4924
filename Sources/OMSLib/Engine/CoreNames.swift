/// The names that a core's rows hold, told as the Define records and texts that once made them.
enum CoreNames {
  /// Exchanges as they were last defined.
  static func venues(_ core: borrowing Core) -> [DefineVenueInput] {
    var found: [DefineVenueInput] = []
    for index in 1..<Int(core.state.global.venueCount) + 1 {
      let row = core.state.venues[index]
      var input = DefineVenueInput()
      input.name = row.name
      input.id = row.id
      input.fenceNanoseconds = row.fence
      input.visibilityNanoseconds = row.visibility
      input.ordersPerTenSeconds = row.ordersPerTenSeconds
      found.append(input)
    }
    return found
  }

  static func tell(_ core: borrowing Core, to names: inout NameDirectory) {
    let global = core.state.global
    var start = StartInput()
    start.epoch = global.epoch
    start.tag = global.tag
    tell(.start, start, &names)
    for index in 1..<Int(global.assetCount) + 1 {
      let row = core.state.assets[index]
      var input = DefineAssetInput()
      input.name = row.name
      input.id = row.id
      input.scale = row.scale
      tell(.defineAsset, input, &names)
    }
    for input in venues(core) { tell(.defineVenue, input, &names) }
    for index in 1..<Int(global.instrumentCount) + 1 {
      tell(.defineInstrument, core.state.instruments[index].rules, &names)
    }
    for index in 1..<Int(global.accountCount) + 1 { tell(.defineAccount, account(core.state.accounts[index]), &names) }
    for index in 1..<Int(global.strategyCount) + 1 {
      var input = DefineStrategyInput()
      input.name = core.state.strategies[index].name
      input.id = core.state.strategies[index].id
      tell(.defineStrategy, input, &names)
    }
    for index in 1..<Int(global.textHighWater) + 1 where core.state.texts[index].text.id != 0 {
      tell(.setText, core.state.texts[index].text, &names)
    }
  }

  /// The text that was recorded last; 0 when there is none. Their numbers go round: the newest order that has one tells
  /// where they are.
  static func lastText(of core: borrowing Core) -> UInt32 {
    var newest: (order: UInt64, text: UInt32) = (0, 0)
    for slot in 0..<Int(core.state.global.orderHighWater) {
      let image = core.state.orders[slot].image
      if image.textID != 0, image.orderNumber > newest.order { newest = (image.orderNumber, image.textID) }
    }
    return newest.text != 0 ? newest.text : UInt32(core.state.global.textHighWater)
  }

  private static func account(_ row: AccountRow) -> DefineAccountInput {
    var input = DefineAccountInput()
    input.name = row.name
    input.id = row.id
    input.parent = row.parent
    input.venue = row.venue
    input.typeRaw = row.typeRaw
    input.modeRaw = row.modeRaw
    input.spotEnabled = row.spotEnabled
    input.futuresEnabled = row.futuresEnabled
    input.isRemoved = row.isRemoved
    input.hedgeMode = row.hedgeMode
    return input
  }

  private static func tell<Body: BitwiseCopyable>(_ type: RecordType, _ body: Body, _ names: inout NameDirectory) {
    unsafe withUnsafeBytes(of: body) { unsafe names.apply(type, $0) }
  }
}
