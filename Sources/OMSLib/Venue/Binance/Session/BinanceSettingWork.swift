/// `setLeverage`, `setMarginMode` and `deadman`: settings of futures, of one symbol or of all. On spot there are none, and
/// no countdown.
///
/// Said twice each means the same, so what has no answer is said again.
struct BinanceSettingWork: Sendable {
  /// There is nothing that it could be said to.
  let refusal: BinanceVerdict?
  private var leverage: UInt16
  private var modeRaw: UInt8

  init(_ scope: BinanceJobScope, _ questions: inout BinanceQuestions) {
    leverage = scope.request.leverage
    modeRaw = scope.request.marginModeRaw
    let places = scope.places(of: .usdm)
    let isAboutOne = !scope.request.instrument.isNone
    guard !places.isEmpty, isAboutOne || scope.request.kind == .deadman else {
      refusal = BinanceVerdict(.refused, code: 0)
      return
    }
    refusal = nil
    for place in places {
      switch scope.request.kind {
      case .setLeverage: questions.add(.setLeverage(place))
      case .setMarginMode: questions.add(.setMarginMode(place))
      default: questions.add(.countdown(place))
      }
    }
  }

  mutating func take(
    _ question: BinanceQuestion, _ result: JSONValue, _ scope: BinanceJobScope, _ memory: inout BinanceAccountMemory
  ) throws(BinanceProblem) {
    switch question {
    case .setLeverage(let place):
      guard let set = result["leverage"]?.integer(as: UInt16.self), set > 0 else { throw .member("leverage") }
      let id = scope.symbols[place].instrument.id
      memory[leverage: id] = set
      leverage = set
      modeRaw = memory[mode: id].rawValue
    case .setMarginMode(let place):
      let id = scope.symbols[place].instrument.id
      memory[mode: id] = MarginMode(rawValue: modeRaw) ?? .cross
      leverage = memory[leverage: id]
    default: break
    }
  }

  func accepted(_ scope: BinanceJobScope) -> VenueEvent {
    var event = VenueEvent(.accepted, to: scope.request)
    guard scope.request.kind != .deadman else { return event }
    event.leverage = leverage
    event.marginModeRaw = modeRaw
    return event
  }
}
