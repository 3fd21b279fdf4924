import OMSLib

/// Keys of the user data streams of futures: one per account, good for an hour after it was last asked for.
struct ListenKeys: Sendable {
  static let standardLife: Int64 = 3_600_000_000_000

  /// For keys that are made or extended from now on.
  var lifeNanoseconds = Self.standardLife

  private struct Row {
    var account: UInt16
    var expires: EngineTime
  }

  private var rows: [String: Row] = [:]
  private var ofAccount: [UInt16: String] = [:]

  var nextDue: EngineTime { rows.values.map(\.expires).min() ?? .never }

  func account(of key: String) -> UInt16? { rows[key]?.account }
  func key(of account: UInt16) -> String? { ofAccount[account] }

  mutating func start(_ account: UInt16, at now: EngineTime, draw: () -> String) -> String {
    let key = ofAccount[account] ?? draw()
    ofAccount[account] = key
    rows[key] = Row(account: account, expires: now.advanced(byNanoseconds: lifeNanoseconds))
    return key
  }

  /// `nil`: the account has none.
  mutating func extend(_ account: UInt16, at now: EngineTime) -> String? {
    guard let key = ofAccount[account] else { return nil }
    rows[key]?.expires = now.advanced(byNanoseconds: lifeNanoseconds)
    return key
  }

  /// From now on, and for the keys that there are.
  mutating func setLife(_ nanoseconds: Int64, at now: EngineTime) {
    lifeNanoseconds = nanoseconds
    let end = now.advanced(byNanoseconds: nanoseconds)
    for (key, row) in rows { rows[key]?.expires = min(row.expires, end) }
  }

  mutating func close(_ account: UInt16) -> String? {
    guard let key = ofAccount.removeValue(forKey: account) else { return nil }
    rows[key] = nil
    return key
  }

  /// No key is good for longer than that.
  mutating func age(to end: EngineTime) {
    for (key, row) in rows where row.expires > end { rows[key]?.expires = end }
  }

  /// Accounts whose keys are too old.
  func expired(at now: EngineTime) -> [UInt16] {
    rows.values.filter { $0.expires <= now }.map(\.account).sorted()
  }
}

extension VenueServer where Recorder: ~Copyable {
  mutating func performListenKey(
    _ operation: Operation, _ parameters: Parameters, _ caller: Caller, at time: ServerTime
  ) throws(VenueError) {
    guard caller.product == .usdm else {
      throw VenueError(-5000, "Spot has no listenKeys any more; use userDataStream.subscribe.signature", status: 404)
    }
    ask(for: caller, at: time) { server, time in
      let key: String?
      switch operation {
      case .startListenKey:
        let drawn = server.drawClientID() + server.drawClientID() + server.drawClientID()
        key = server.listenKeys.start(caller.account, at: time.now) { String(drawn.prefix(64)) }
      case .extendListenKey: key = server.listenKeys.extend(caller.account, at: time.now)
      default: key = server.listenKeys.close(caller.account)
      }
      guard let key else {
        return server.answer(caller, .failure(VenueError(-1125, "This listenKey does not exist.")), at: time)
      }
      let body = operation == .closeListenKey ? Array("{}".utf8) : object { $0.member("listenKey", key) }
      server.answer(caller, .success(body), at: time)
    }
  }

  mutating func expireListenKeys(at time: ServerTime) {
    for account in listenKeys.expired(at: time.now) {
      let key = listenKeys.key(of: account) ?? ""
      push(.usdm, account, name: "listenKeyExpired") { face in
        object { writer in
          writer.member("e", "listenKeyExpired")
          writer.member("E", time.utc, face)
          writer.member("listenKey", key)
        }
      }
      _ = listenKeys.close(account)
    }
  }
}
