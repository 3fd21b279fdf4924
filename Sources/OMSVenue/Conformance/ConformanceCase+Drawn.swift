import OMSLib

extension ConformanceCase {
  /// A case that nobody thought of: orders, trades and everything that can go wrong, drawn from a seed. Nothing has to be
  /// told in it; in the end what was told has to agree with what the exchange has.
  package static func drawn(_ seed: UInt64, on product: VenueProduct, steps count: Int = 40) -> ConformanceCase {
    var draw = Draw(seed, product)
    var steps: [ConformanceStep] = []
    for _ in 0..<count { steps += draw.step() }
    return ConformanceCase(9_000, "drawn from \(seed)", [product], needsMemory: true, steps: steps)
  }

  private struct Draw {
    private static let uses: [VenueHost.Use] = [.rest, .orders, .user, .books]
    private static let acts: [VenueTrouble.Act] = [
      .lose, .loseAnswer, .breakOff, .delay(nanoseconds: 700_000_000), .repeated(nanoseconds: 20_000_000),
      .answer(status: 502, body: "<html>"), .answer(status: 200, body: "{}"),
      .refuse(VenueError(-1_008, "Request throttled by system-level protection.", status: 503)),
    ]
    private static let calls = ["order", "POST /", "GET /", "DELETE /", "PUT /", "userDataStream"]

    private let product: VenueProduct
    private var random: SplitMix64
    private var names = 0

    init(_ seed: UInt64, _ product: VenueProduct) {
      random = SplitMix64(seed: seed)
      self.product = product
    }

    private mutating func below(_ bound: Int) -> Int { Int(random.below(UInt64(bound))) }

    private mutating func pick<T>(_ all: [T]) -> T { all[below(all.count)] }

    private mutating func name() -> String { "a\(below(names) + 1)" }

    mutating func step() -> [ConformanceStep] {
      if names == 0 { return [order()] }
      switch below(20) {
      case 0..<6: return [order()]
      case 6, 7: return [.cancel(name())]
      case 8: return [.amend(name(), quantity: 1, price: product == .spot ? 0 : 59_900)]
      case 9: return [.fillIfThere(name(), quantity: Int64(below(3)) + 1)]
      case 10: return [.level(pick([.buy, .sell]), quantity: 4, price: 60_000 + Int64(below(40)) - 20)]
      case 11: return [network()]
      case 12: return [exchange()]
      case 13, 14: return [trouble()]
      default: return [.pass(milliseconds: pick([1, 3, 10, 30, 100, 300, 1_000, 2_500]))]
      }
    }

    private mutating func order() -> ConformanceStep {
      names += 1
      let kind = below(10)
      var order = ConformanceOrder(
        name: "a\(names)", side: pick([.buy, .sell]), quantity: Int64(below(6)) + 1,
        price: 60_000 + Int64(below(60)) - 30, kind: .limit)
      if kind == 0 { (order.kind, order.price, order.timeInForce) = (.market, 0, .ioc) }
      if kind == 1 { order.timeInForce = .ioc }
      if kind == 2 { order.flags = .postOnly }
      if kind == 3 { order.prevention = pick([.expireTaker, .expireMaker, .expireBoth]) }
      if kind == 4 { order.account = 2 }
      order.patienceMilliseconds = pick([5, 100, 1_000])
      return .place(order)
    }

    private mutating func network() -> ConformanceStep {
      let use = pick(Self.uses)
      switch below(6) {
      case 0, 1: return .network(.reset(use))
      case 2: return .network(.freeze(use, pick(WireDirection.allCases)))
      case 3: return .network(.thaw(use, pick(WireDirection.allCases)))
      case 4: return .network(.cut(use, pick(WireDirection.allCases), bytes: below(600)))
      default: return .network(.mood(use, pick([.open, .open, .refusing(111), .silent, .nameless])))
      }
    }

    private mutating func exchange() -> ConformanceStep {
      switch below(5) {
      case 0: return .exchange(.endUserData)
      case 1: return .exchange(.closeSockets("", code: pick([1_001, 1_008])))
      case 2: return .exchange(.announceShutdown)
      case 3: return .exchange(.resetAll)
      default: return .exchange(.skew(milliseconds: pick([-9_000, -300, 0, 300, 9_000])))
      }
    }

    private mutating func trouble() -> ConformanceStep {
      if below(2) == 0 {
        return .trouble(VenueTrouble(.call(pick(Self.calls)), pick(Self.acts), skip: below(2), count: below(3) + 1))
      }
      let act: VenueTrouble.Act = pick([
        .lose, .delay(nanoseconds: 400_000_000), .repeated(nanoseconds: 90_000_000),
        .answer(status: 200, body: "{\"e\":"),
      ])
      return .trouble(VenueTrouble(.news(["\"e\":"]), act, skip: below(3), count: below(3) + 1))
    }
  }
}
