/// `exposure`: what is held, added up per asset, symbol or venue: how much more is long than short, and all of it. Paper and
/// live stand apart. Money of the report currency is no exposure.
final class ExposureJob: Job {
  private let request: ExposureRequest
  private let positions = RowCopy<PositionRow>(.positions)
  private let balances = RowCopy<BalanceRow>(.balances)
  private let tops = RowCopy<TopOfBook>(.tops)
  private var stage = 0

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: ExposureRequest) {
    self.request = request
    super.init(agent, client, number, timeout: nil)
  }

  override func wants(_ token: UInt64) -> Bool {
    positions.wants(token) || balances.wants(token) || tops.wants(token)
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      guard isRead(agent) else {
        guard isLate(agent) else { return false }
        throw RequestError("engine.stalled", exit: 16, "the engine did not answer in time")
      }
      let selected = try agent.resolver.selected(request.selection)
      var groups = ExposureGroups()
      addPositions(agent, selected, to: &groups)
      addBalances(agent, selected, to: &groups)
      let objects = StateObjects(names: agent.view.names, utc: agent.utc)
      for group in groups.sorted {
        data(agent, objects.exposure(group, by: request.by, currency: agent.settings.reportCurrency))
      }
      return end(agent, exit: 0)
    } catch {
      return fail(agent, error)
    }
  }

  private func isRead(_ agent: ControlAgent) -> Bool {
    if stage == 0, positions.step(agent) { stage = 1 }
    if stage == 1, balances.step(agent) { stage = 2 }
    if stage == 2, tops.step(agent) { stage = 3 }
    return stage == 3
  }

  private func addPositions(_ agent: ControlAgent, _ selected: Resolver.Selected, to groups: inout ExposureGroups) {
    let names = agent.view.names
    for row in positions.rows where !row.book.quantity.isZero {
      guard let rules = names.instrument(row.instrument), rules.instrumentClass != .spot,
        selected.contains(account: row.account, instrument: row.instrument, venue: rules.venue)
      else { continue }
      let mark = Price(mantissa: PriceWatcher.reference(top(of: rules.id)))
      let isValued = mark.mantissa > 0 && names.asset(rules.settle)?.name == agent.settings.reportCurrency
      let key = key(names, asset: rules.base, symbol: rules.name.description, venue: rules.venue)
      groups.add(
        key, mode: names.account(row.account)?.mode ?? .live, quantity: row.book.quantity,
        value: isValued ? row.book.quantity.times(mark, scale: Int(rules.priceScale)) : nil)
    }
  }

  private func addBalances(_ agent: ControlAgent, _ selected: Resolver.Selected, to groups: inout ExposureGroups) {
    let names = agent.view.names
    let currency = agent.settings.reportCurrency
    for row in balances.rows where !row.account.isNone && !row.total.isZero {
      guard let asset = names.asset(row.asset), asset.name != currency, let owner = names.account(row.account) else {
        continue
      }
      let pair = names.instruments.first {
        $0.name.description == "\(asset.name)-\(currency)" && $0.venue == owner.venue
      }
      guard
        selected.contains(account: row.account, instrument: pair?.id ?? .none, venue: owner.venue)
      else { continue }
      let mark = Price(mantissa: pair.map { PriceWatcher.reference(top(of: $0.id)) } ?? 0)
      let key = key(names, asset: row.asset, symbol: pair?.name.description ?? asset.name, venue: owner.venue)
      groups.add(
        key, mode: owner.mode, quantity: row.total,
        value: mark.mantissa > 0 ? pair.flatMap { row.total.times(mark, scale: Int($0.priceScale)) } : nil)
    }
  }

  private func key(_ names: NameDirectory, asset: AssetID, symbol: String, venue: VenueID) -> String {
    switch request.by {
    case .asset: names.asset(asset)?.name ?? ""
    case .symbol: symbol
    case .venue: names.venue(venue) ?? ""
    }
  }

  private func top(of instrument: InstrumentID) -> TopOfBook {
    tops.rows.indices.contains(instrument.index - 1) ? tops.rows[instrument.index - 1] : TopOfBook()
  }
}

/// Sums per mode and key. What has no price makes its sums unknown instead of too small.
struct ExposureGroups {
  struct Group: Equatable {
    let mode: Mode
    let key: String
    var count = 0
    var quantity: Money? = .zero
    var net: Money? = .zero
    var gross: Money? = .zero
  }

  private var groups: [Group] = []

  mutating func add(_ key: String, mode: Mode, quantity: Money, value: Money?) {
    let index = groups.firstIndex { $0.key == key && $0.mode == mode } ?? groups.count
    if index == groups.count { groups.append(Group(mode: mode, key: key)) }
    groups[index].count += 1
    groups[index].quantity = groups[index].quantity?.adding(quantity)
    groups[index].net = value.flatMap { groups[index].net?.adding($0) }
    groups[index].gross = value.flatMap { groups[index].gross?.adding($0.magnitude) }
  }

  var sorted: [Group] { groups.sorted { ($0.mode.rawValue, $0.key) < ($1.mode.rawValue, $1.key) } }
}
