/// Holds limits against what the exchanges accept: a limit below the smallest order keeps every order out.
struct LimitFilters {
  private let settings: EngineSettings

  init(_ settings: EngineSettings) { self.settings = settings }

  func check(_ problems: inout ProblemList) {
    for limit in settings.limits {
      let rules = instruments(of: limit)
      switch limit.kind {
      case .maxOrderNotional:
        guard let least = rules.min(by: { $0.minNotional < $1.minNotional }), let smallest = money(least.minNotional),
          limit.value < smallest
        else { continue }
        warn(
          limit, "no order can be this small: the least of \(least.name) is \(least.minNotional.canonicalText)",
          &problems)
      case .maxOrderQuantity:
        guard let least = rules.min(by: { $0.lot < $1.lot }), let lot = money(least.lot) else { continue }
        if limit.value < lot {
          warn(limit, "no order can be this small: the lot of \(least.name) is \(least.lot.canonicalText)", &problems)
        } else if limit.scope == .instrument, let most = money(least.maxQuantity), limit.value > most {
          warn(
            limit,
            "the exchange takes at most \(least.maxQuantity.canonicalText) of \(least.name): this limit never acts",
            &problems)
        }
      default: continue
      }
    }
  }

  private func instruments(of limit: LimitSetting) -> [InstrumentSetting] {
    switch limit.scope {
    case .instrument: settings.venues.flatMap(\.instruments).filter { $0.name == limit.target }
    case .venue where limit.target != "*":
      settings.venues.filter { $0.name == limit.target }.flatMap(\.instruments)
    case .account where limit.target != "*":
      settings.accounts.filter { $0.name == limit.target }.flatMap { account in
        settings.venues.filter { $0.name == account.venue }.flatMap(\.instruments)
      }
    default: settings.venues.flatMap(\.instruments)
    }
  }

  private func money(_ decimal: Decimal) -> Money? { try? decimal.money() }

  private func warn(_ limit: LimitSetting, _ text: String, _ problems: inout ProblemList) {
    problems.warning("config.filter", at: limit.place, text)
  }
}
