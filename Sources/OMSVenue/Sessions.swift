import OMSLib

/// Sessions of the WebSocket API, and subscriptions to user data on it.
extension VenueServer where Recorder: ~Copyable {
  /// Over the life of one connection.
  private static var subscriptionMax: Int64 { 65_535 }
  private static var activeMax: Int { 1_000 }

  mutating func performSession(
    _ operation: Operation, _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    switch operation {
    case .sessionLogon:
      // The keys of these accounts are HMAC keys; a session needs an Ed25519 key.
      throw VenueError(-4056, "HMAC_SHA256 API key is not supported.")
    case .sessionStatus, .sessionLogout: answer(caller, .success(sessionStatus(caller, at: time)), at: time)
    case .subscribe:
      throw VenueError(-2015, "Invalid API-key, IP, or permissions for action: log on first.", status: 401)
    case .subscribeBySignature: subscribe(caller, at: time)
    case .unsubscribe: try unsubscribe(parameters, caller, at: time)
    default: listSubscriptions(caller, at: time)
    }
  }

  private func sessionStatus(_ caller: Caller, at time: ServerTime) -> [UInt8] {
    let state = links[caller.link]
    return object { writer in
      writer.memberNull("apiKey")
      writer.memberNull("authorizedSince")
      writer.member("connectedSince", state?.opened ?? time.utc, caller.face)
      writer.member("returnRateLimits", state?.returnsRateLimits ?? true)
      writer.member("serverTime", time.utc, caller.face)
      writer.member("userDataStream", !(state?.subscriptions.isEmpty ?? true))
    }
  }

  private mutating func subscribe(_ caller: Caller, at time: ServerTime) {
    ask(for: caller, at: time) { server, time in
      guard let state = server.links[caller.link] else { return }
      guard !state.subscriptions.contains(where: { $0.account == caller.account }) else {
        let error = VenueError(-2035, "User data stream subscription is already active.")
        return server.answer(caller, .failure(error), at: time)
      }
      guard state.nextSubscription < Self.subscriptionMax, state.subscriptions.count < Self.activeMax else {
        let error = VenueError(-2042, "Too many user data stream subscriptions; open a new connection.")
        return server.answer(caller, .failure(error), at: time)
      }
      let number = state.nextSubscription
      server.links[caller.link]?.nextSubscription += 1
      server.links[caller.link]?.subscriptions.append(UserSubscription(account: caller.account, number: number))
      server.answer(caller, .success(object { $0.member("subscriptionId", number) }), at: time)
      server.repeatFills(of: caller.account, on: caller.link)
    }
  }

  private mutating func unsubscribe(
    _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    let number = try parameters.integer("subscriptionId")
    let gone = (links[caller.link]?.subscriptions ?? []).filter { number == nil || $0.number == number }
    guard number == nil || !gone.isEmpty else {
      throw VenueError(-2036, "User data stream subscription is not active.")
    }
    links[caller.link]?.subscriptions.removeAll { number == nil || $0.number == number }
    answer(caller, .success(Array("{}".utf8)), at: time)
    for subscription in gone { tellEnd(of: subscription, caller.link, caller.face, at: time) }
  }

  private mutating func tellEnd(
    of subscription: UserSubscription, _ link: VenueLink, _ face: TimeFace, at time: ServerTime
  ) {
    let event = object { writer in
      writer.member("e", "eventStreamTerminated")
      writer.member("E", time.utc, face)
    }
    put(
      .message(
        link,
        object { writer in
          writer.member("subscriptionId", subscription.number)
          writer.member("event", raw: event)
        }))
  }

  /// Ends what brings the news of accounts, as the exchange may at any time: their clients have to ask for it anew.
  package mutating func endUserData(_ product: VenueProduct, at time: ServerTime) {
    for (link, state) in links.sorted(by: { $0.key.number < $1.key.number }) where state.product == product {
      links[link]?.subscriptions = []
      for subscription in state.subscriptions { tellEnd(of: subscription, link, state.face, at: time) }
    }
    guard product == .usdm else { return }
    listenKeys.age(to: time.now)
    expireListenKeys(at: time)
  }

  private mutating func listSubscriptions(_ caller: Caller, at time: ServerTime) {
    let rows = (links[caller.link]?.subscriptions ?? []).map { subscription in
      object { $0.member("subscriptionId", subscription.number) }
    }
    answer(caller, .success(array(rows)), at: time)
  }
}
