/// The exchanges behind a network that this engine trades on: how they are reached, what they list, who signs.
///
/// Owner: the main thread until the engine's threads run.
struct WireBoot: ~Copyable {
  private struct Place {
    var setting: VenueSetting
    var faces: [BinanceProduct: BinanceProductSettings]
    var tls: TLSContext
    var listing: VenueListing?
  }

  private var places: [Place] = []
  private var keys: EngineKeys?
  private let lookup: HostLookup?

  /// What each exchange lists, where it could be asked.
  var listings: [String: VenueListing] {
    var found: [String: VenueListing] = [:]
    for place in places { found[place.setting.name] = place.listing }
    return found
  }

  /// Those of `settings` that are spoken to: a live engine's, with live accounts.
  static func venues(_ settings: EngineSettings) -> [VenueSetting] {
    guard settings.mode == .live else { return [] }
    return settings.venues.filter { venue in
      venue.adapter != .simulated && settings.accounts.contains { $0.venue == venue.name && $0.mode == .live }
    }
  }

  /// Opens the keys and asks every exchange for its rules. One that does not answer is no reason not to start, as long as
  /// its names are known from before: its orders are to be looked after all the more.
  static func open(
    _ options: EngineOptions, _ clock: EngineClock, known: (String) -> Bool
  ) throws(EngineFailure) -> WireBoot {
    let venues = venues(options.settings)
    guard !venues.isEmpty else { return WireBoot(places: [], keys: nil, lookup: nil) }
    guard let unsealing = options.unsealing else {
      throw EngineFailure(
        ExitCode.credentials.rawValue, "auth.locked", "accounts are live, and the keystore was not opened for them")
    }
    let keys = try unsealing.open()
    var places: [Place] = []
    for venue in venues { places.append(try place(venue, clock, isKnown: known(venue.name))) }
    do {
      return WireBoot(places: places, keys: keys, lookup: try HostLookup())
    } catch {
      throw EngineFailure(1, "io.wake", "\(error.call) failed with errno \(error.errno)")
    }
  }

  private init(places: [Place], keys: EngineKeys?, lookup: HostLookup?) {
    self.places = places
    self.keys = keys
    self.lookup = lookup
  }

  private static func place(
    _ venue: VenueSetting, _ clock: EngineClock, isKnown: Bool
  ) throws(EngineFailure) -> Place {
    let tls: TLSContext
    do throws(TLSError) {
      tls =
        venue.authorityFile.isEmpty
        ? try TLSContext(authorities: nil) : try TLSContext(authorityFile: venue.authorityFile)
    } catch {
      throw EngineFailure(
        ExitCode.configuration.rawValue, "config.ca", "exchange '\(venue.name)': ca '\(venue.authorityFile)': \(error)")
    }
    var place = Place(setting: venue, faces: [:], tls: tls, listing: nil)
    for product in BinanceProduct.allCases {
      guard let hosts = BinanceHosts(venue, product) else { continue }
      guard let face = BinanceProductSettings(hosts, limits: []) else {
        throw EngineFailure(
          ExitCode.configuration.rawValue, "config.endpoints",
          "exchange '\(venue.name)': an address of \(product.rawValue) cannot be read")
      }
      place.faces[product] = face
    }
    do throws(WireFetchFailure) {
      try ask(&place, clock)
    } catch {
      let text = "exchange '\(venue.name)' does not tell what it lists: \(error.reason)"
      guard isKnown else {
        throw EngineFailure(ExitCode.unreachable.rawValue, "io.venue", text)
      }
      Diagnostics.warn(.venue, "\(text); what is known of it from before counts")
    }
    return place
  }

  /// Rules and limits of each product that has a market here.
  private static func ask(_ place: inout Place, _ clock: EngineClock) throws(WireFetchFailure) {
    var listing = VenueListing(wire: place.setting)
    var fetch: WireFetch
    do throws(SystemError) { fetch = try WireFetch(place.tls, clock) } catch {
      throw WireFetchFailure(reason: "\(error.call) failed with errno \(error.errno)")
    }
    for product in BinanceProduct.allCases {
      guard let face = place.faces[product] else { continue }
      let wanted = BinanceMarkets.of(place.setting.markets, product)
      let info = try BinanceMarkets.info(product, face, wanted, &fetch)
      for name in wanted {
        guard let found = info.listings.first(where: { $0.instrument.name.description == name }) else {
          let refusal = info.refused.first { $0.symbol == BinanceMarkets.native(name) }
          Diagnostics.warn(
            .venue,
            "exchange '\(place.setting.name)' has no market '\(name)' that can be traded here"
              + (refusal.map { " (\($0.problem))" } ?? "") + "; see 'markets' in exchanges.yaml")
          continue
        }
        listing.add(found, place.setting)
      }
      place.faces[product]?.limits = info.rateLimits
      listing.take(info.rateLimits)
    }
    place.listing = listing
  }

  // MARK: Behind the names

  /// Makes the engine's door lead to each exchange. Before accounts and instruments are registered there.
  mutating func connect(
    _ door: inout EngineDoor, _ names: NameDirectory, _ settings: EngineSettings, _ clock: EngineClock
  ) throws(EngineFailure) {
    guard let keys, let lookup else { return }
    for (index, account) in names.accounts.enumerated().dropFirst() where !account.isRemoved && account.mode == .live {
      guard let setting = settings.accounts.first(where: { $0.name == account.name && $0.mode == .live }),
        places.contains(where: { $0.setting.name == setting.venue })
      else { continue }
      let entry = EngineKeys.entry(of: setting) ?? ""
      guard keys.assign(entry, to: AccountID(number: UInt16(index))) else {
        throw EngineFailure(
          ExitCode.credentials.rawValue, "auth.missing",
          "'\(account.name)' is live and the keystore has no key '\(entry)' that can be used; oms vault put \(entry)")
      }
    }
    for (number, place) in places.enumerated() {
      guard let venue = names.venueID(named: place.setting.name) else { continue }
      var wire = BinanceVenueSettings(venue: venue, products: place.faces)
      wire.entersOrdersByWebSocket = place.setting.entersOrdersByWebSocket
      wire.receiveWindowNanoseconds = place.setting.receiveWindowNanoseconds
      wire.cancelReserve = place.setting.cancelReserve
      let network: KernelNetwork
      do throws(SystemError) { network = try KernelNetwork(tls: place.tls, lookup: lookup) } catch {
        throw EngineFailure(1, "io.network", "\(error.call) failed with errno \(error.errno)")
      }
      let descriptor = network.descriptor
      let seed = SplitMix64(seed: UInt64(bitPattern: clock.utc.nanoseconds) &+ UInt64(number))
      door.connect(
        BinanceVenue(wire, network: network, descriptor: descriptor, keys: keys, seed: seed, now: clock.now), as: venue)
    }
  }

  /// Looks hosts up from now on. The thread may wait for a name server longer than anybody waits for the engine's end: it
  /// goes with the process.
  func startLookup() throws(EngineFailure) {
    guard let lookup else { return }
    do throws(SystemError) {
      let thread = try WorkerThread(named: "oms-hosts") { lookup.serve() }
      thread.leave()
    } catch {
      throw EngineFailure(1, "io.threads", "\(error.call) failed with errno \(error.errno)")
    }
  }
}
