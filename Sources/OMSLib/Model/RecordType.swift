/// Every type of record, with its number in the file. Numbers are for ever.
package enum RecordType: UInt16, Sendable, CaseIterable {
  // Inputs: everything a decision depends on.
  case start = 1
  case defineAsset = 2
  case defineVenue = 3
  case defineInstrument = 4
  case defineAccount = 5
  case defineStrategy = 6
  case openRole = 7
  case newOrder = 10
  case cancelOrder = 11
  case amendOrder = 12
  case cancelMany = 13
  case setTrading = 14
  case setLimit = 15
  case setAccount = 16
  case roleOrder = 17
  case roleCancel = 18
  case roleAmend = 19
  case venueEvent = 20
  case timer = 21
  case triggerFire = 22
  case mark = 23
  case clockOffset = 24
  case proceed = 25
  case reconcile = 26
  case gate = 27
  case acknowledgeAlarm = 28
  case setText = 29
  case idIndex = 30
  case configuration = 31

  // Events: what the core decided. Self-contained, so that readers never run the core.
  case order = 100
  case fill = 101
  case notice = 102
  case transfer = 103
  case algo = 104

  // The journal's own.
  case durable = 200
  case close = 201
  case stateHash = 202
  case restore = 203
  case blob = 204
  case commit = 205
  /// A record of the built-in exchange's own journal.
  case exchangeRequest = 300
  case exchangeAdvance = 301
  case exchangeControl = 302
  case exchangeStart = 303
  case exchangeHash = 304

  package var isInput: Bool { rawValue < 100 }
  package var isEvent: Bool { rawValue >= 100 && rawValue < 200 }
}
