/// Which of the rings' places are taken, and by whom.
struct GrantDesk {
  enum Place: Equatable {
    case free
    /// Its ring is run to its end; then the place is free.
    case leaving(role: String)
    case held(role: String)
  }

  private(set) var places = [Place](repeating: .free, count: Limits.grantCount)

  subscript(place: Int) -> Place {
    get { places[place] }
    set { places[place] = newValue }
  }
}

/// `grant`: a ring for the client's commands, for as long as its connection lasts.
///
/// It ends with an error when the ring is revoked. What the ring held when the client left is run before its place, and the
/// role, are free again.
final class GrantJob: Job {
  private enum Phase {
    case waiting
    case openingRole(UInt64)
    case openingRing
    case held
    case closing(UInt64)
  }

  private static let waitNanoseconds: Int64 = 5_000_000_000

  private let request: GrantRequest
  private var phase = Phase.waiting
  private var place: Int?
  private var accounts: [AccountID] = []
  private var memory: ClientMemory?
  private var lastSequence: UInt64 = 0
  private var token: UInt64 = 0
  private var hasLeft = false
  private var failure: RequestError?

  init(_ agent: ControlAgent, _ client: ClientID, _ number: UInt64, _ request: GrantRequest) {
    self.request = request
    super.init(agent, client, number, timeout: 0)
  }

  override var diesWithClient: Bool { false }

  override func wants(_ token: UInt64) -> Bool {
    switch phase {
    case .openingRole(let asked), .closing(let asked): asked == token
    case .openingRing, .held: self.token == token
    case .waiting: false
    }
  }

  override func patience(_ agent: ControlAgent) -> Int32 {
    if case .waiting = phase { 10 } else { super.patience(agent) }
  }

  /// The connection is closed.
  func clientLeft() { hasLeft = true }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      while true {
        switch phase {
        case .waiting: guard try begin(agent) else { return false }
        case .openingRole(let asked):
          guard let reply = agent.takeAnswer(asked) else { return false }
          try openRing(agent, reply)
        case .openingRing:
          guard let reply = agent.takeAnswer(token) else { return false }
          try handOver(agent, reply)
        case .held: guard holds(agent) else { return false }
        case .closing(let asked):
          guard agent.takeAnswer(asked) != nil else { return false }
          return letGo(agent)
        }
      }
    } catch {
      failure = error
      return letGo(agent)
    }
  }

  // MARK: Asking

  /// `false`: the place is not free yet.
  private func begin(_ agent: ControlAgent) throws(RequestError) -> Bool {
    guard !hasLeft else { throw RequestError("busy.role", exit: 17, "the client has left") }
    guard !agent.isStopping else { throw Self.stopping }
    accounts = try resolve(agent)
    let places = agent.grants.places
    guard !places.contains(.held(role: request.role)) else {
      throw RequestError(
        "busy.role", exit: 17, "role '\(request.role)' is held by another connection",
        hint: "close that one, or take another name")
    }
    guard !places.contains(.leaving(role: request.role)), let free = places.firstIndex(of: .free) else {
      let isFull = !places.contains { if case .leaving = $0 { true } else { false } }
      guard isFull || agent.now >= started.advanced(byNanoseconds: Self.waitNanoseconds) else { return false }
      throw full
    }
    place = free
    agent.grants[free] = .held(role: request.role)
    var input = OpenRoleInput()
    input.name = Text32(request.role) ?? Text32()
    input.token = agent.makeToken()
    phase = .openingRole(input.token)
    agent.ask(HotMessage(.openRole, input))
    return true
  }

  private var full: RequestError {
    var error = RequestError(
      "busy.grants", exit: 16, "\(Limits.grantCount) rings are granted, which is as many as there are",
      hint: "close one")
    error.retry = .after
    error.retryAfterMilliseconds = 1_000
    return error
  }

  private static var stopping: RequestError {
    RequestError("halted.stopping", exit: 15, "the engine is stopping")
  }

  /// The accounts of the scope, each of which passes the locks that an order would.
  private func resolve(_ agent: ControlAgent) throws(RequestError) -> [AccountID] {
    let resolver = agent.resolver
    let chosen = try resolver.accounts(request.account)
    for account in chosen {
      guard let row = agent.view.names.account(account), row.mode == .live else { continue }
      try resolver.checkMode(account, request.consent)
      guard request.mode == .live else {
        throw RequestError("guard.live", exit: 13, "\(row.name) is live and the ring is to be paper; say mode live")
      }
      guard request.consent.yes else {
        throw RequestError(
          "confirm.needed", exit: 12, "orders through the ring cost money on \(row.name): confirm it",
          hint: "say yes")
      }
    }
    guard !chosen.isEmpty else {
      throw RequestError("notfound.account", exit: 18, "no account is named by '\(request.account ?? "")'")
    }
    return chosen
  }

  private func openRing(_ agent: ControlAgent, _ reply: Reply) throws(RequestError) {
    guard reply.outcomeRaw == Reply.Outcome.accepted.rawValue else {
      throw RequestError(
        "busy.roles", exit: 16, "\(Limits.roleCount - 1) roles have been used, which is as many as are ever kept",
        hint: "use one of them")
    }
    guard !hasLeft else { throw RequestError("busy.role", exit: 17, "the client has left") }
    lastSequence = reply.sequence
    token = agent.makeToken()
    var grant = OpenRing()
    do throws(SystemError) {
      let made = try ClientMemory.make(
        role: request.role, tag: agent.view.names.tag, epoch: UInt64(agent.facts.epoch), lastSequence: lastSequence)
      grant.address = unsafe UInt64(UInt(bitPattern: made.base))
      grant.bell = made.bell
      memory = consume made
    } catch {
      throw RequestError("io.ring", exit: 1, "no memory for a ring: \(error.call) failed with errno \(error.errno)")
    }
    grant.token = token
    grant.role = RoleID(number: UInt16(reply.count))
    grant.session = Resolver.session(request.role)
    grant.intervalNanoseconds = 1_000_000_000 / request.rate
    grant.isLive = request.mode == .live ? 1 : 0
    grant.slot = UInt8(place ?? 0)
    for account in accounts { grant.accounts.insert(account) }
    phase = .openingRing
    agent.ask(HotMessage(.openRing, grant))
  }

  private func handOver(_ agent: ControlAgent, _ reply: Reply) throws(RequestError) {
    guard reply.outcomeRaw == Reply.Outcome.accepted.rawValue, let client else {
      throw RequestError("io.ring", exit: 1, "the kernel watches no more descriptors")
    }
    phase = .held
    guard let descriptor = memory?.descriptor, let bell = memory?.bell else { return }
    agent.server.send(ReplyLine.data(object(agent, "ring"), request: number), descriptor: descriptor, to: client)
    agent.server.send(ReplyLine.data(object(agent, "bell"), request: number), descriptor: bell, to: client)
  }

  private func object(_ agent: ControlAgent, _ part: String) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "grant")
    json.member("v", 1)
    json.member("descriptor", part)
    json.member("role", request.role)
    json.member("mode", request.mode.rawValue)
    json.member("rate", request.rate)
    json.member("accounts", accounts.count)
    json.member("last_sequence", String(lastSequence))
    json.member("epoch", agent.facts.epoch)
    json.member("tag", agent.view.names.tag)
    json.endObject()
    return json.bytes
  }

  // MARK: The end

  /// `true`: it is being closed.
  private func holds(_ agent: ControlAgent) -> Bool {
    if let notice = agent.takeAnswer(token) {
      tell(agent, revoked(Reason(rawValue: notice.reasonRaw) ?? .badCommand))
      close(agent, .none)
      return true
    }
    guard hasLeft else { return false }
    close(agent, .none)
    return true
  }

  /// Takes the ring away; what lies in it is not run any more.
  func revoke(_ agent: ControlAgent, _ reason: Reason) {
    guard case .held = phase else { return }
    tell(agent, Self.stopping)
    close(agent, reason)
  }

  private func close(_ agent: ControlAgent, _ reason: Reason) {
    var message = CloseRing()
    message.token = agent.makeToken()
    message.slot = UInt64(place ?? 0)
    message.reasonRaw = UInt64(reason.rawValue)
    if let place { agent.grants[place] = .leaving(role: request.role) }
    phase = .closing(message.token)
    agent.ask(HotMessage(.closeRing, message))
  }

  private func tell(_ agent: ControlAgent, _ error: RequestError) {
    failure = error
    Diagnostics.warn(.rings, error.message)
  }

  private func revoked(_ reason: Reason) -> RequestError {
    var reply = Reply()
    reply.reasonRaw = reason.rawValue
    var error = Refusals.error(reply, account: nil, symbol: nil, id: nil)
    error.message = "the ring of role '\(request.role)' was revoked: \(Refusals.sentence(reason))"
    error.hint = "push through cc_client.h, then attach again"
    return error
  }

  private func letGo(_ agent: ControlAgent) -> Bool {
    memory = nil
    if let place { agent.grants[place] = .free }
    place = nil
    if let failure { error(agent, failure) }
    end(agent, exit: failure?.exit ?? 0)
    if hasLeft, let client, !agent.grantJobs.contains(where: { $0 !== self && $0.client == client }) {
      agent.endSessions(of: client)
    }
    return true
  }
}
