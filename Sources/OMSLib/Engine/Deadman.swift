/// Keeps the venues' own countdowns from running out: when this engine does not renew one any more, the venue cancels the
/// orders of that account by itself.
///
/// Owner: the control thread. What is armed lives as long as the engine; the countdown at the venue outlives it once.
struct Deadman {
  struct Countdown {
    let account: AccountID
    /// Nanoseconds; 0: it is being taken back.
    var length: Int64
    /// When the venue is told next.
    var renewAt: EngineTime
    /// When the orders fall, by what the venue has confirmed; zero: nothing yet.
    var fallsAt = EngineTime.zero
    /// The venue said no to it.
    var isRefused = false
  }

  var countdowns: [Countdown] = []

  mutating func set(_ account: AccountID, _ length: Int64, now: EngineTime) {
    let index = countdowns.firstIndex { $0.account == account } ?? countdowns.count
    if index == countdowns.count {
      countdowns.append(Countdown(account: account, length: length, renewAt: now))
    } else {
      countdowns[index].length = length
      countdowns[index].renewAt = now
      countdowns[index].fallsAt = .zero
      countdowns[index].isRefused = false
    }
  }

  func countdown(of account: AccountID) -> Countdown? { countdowns.first { $0.account == account } }

  /// Whose turn it is.
  func nextDue(now: EngineTime) -> Countdown? {
    countdowns.min { $0.renewAt < $1.renewAt }.flatMap { $0.renewAt <= now ? $0 : nil }
  }

  /// What the venue made of a renewal; `sent` is the one that was asked for, which may have been replaced meanwhile.
  mutating func heard(_ isAccepted: Bool, about sent: Countdown, fallsAt: EngineTime, now: EngineTime) {
    guard let index = countdowns.firstIndex(where: { $0.account == sent.account }),
      countdowns[index].length == sent.length
    else { return }
    guard isAccepted else {
      countdowns[index].isRefused = true
      countdowns[index].renewAt = now.advanced(byNanoseconds: Self.retryNanoseconds)
      return
    }
    countdowns[index].isRefused = false
    if sent.length == 0 {
      countdowns.remove(at: index)
    } else {
      countdowns[index].fallsAt = fallsAt
      countdowns[index].renewAt = now.advanced(byNanoseconds: sent.length / 3)
    }
  }

  private static let retryNanoseconds: Int64 = 1_000_000_000
}

/// Renews what is armed, one account after the other. Ends when nothing is armed any more.
final class DeadmanKeeper: Job {
  private var read: (countdown: Deadman.Countdown, fallsAt: EngineTime, question: VenueRead)?

  init(_ agent: ControlAgent) { super.init(agent, nil, 0, timeout: 0) }

  override var diesWithClient: Bool { false }
  override func wants(_ token: UInt64) -> Bool { read?.question.wants(token) == true }

  override func patience(_ agent: ControlAgent) -> Int32 {
    if read != nil { return 2 }
    let next = agent.deadman.countdowns.map(\.renewAt).min() ?? agent.now
    return Int32(clamping: max(0, (next.nanoseconds - agent.now.nanoseconds) / 1_000_000 + 1))
  }

  override func step(_ agent: ControlAgent) -> Bool {
    if let read {
      guard read.question.step(agent) else { return false }
      self.read = nil
      let isAccepted = read.question.answer.first?.kind == .accepted
      agent.deadman.heard(isAccepted, about: read.countdown, fallsAt: read.fallsAt, now: agent.now)
    }
    if let due = agent.deadman.nextDue(now: agent.now) {
      let fallsAt = due.length == 0 ? EngineTime.never : agent.now.advanced(byNanoseconds: due.length)
      read = (due, fallsAt, VenueRead(.deadman, due.account, due: fallsAt))
      return false
    }
    guard agent.deadman.countdowns.isEmpty else { return false }
    agent.isDeadmanKept = false
    return end(agent, exit: 0)
  }
}

/// `deadman arm`, `disarm`, `status`.
final class DeadmanJob: Job {
  private let request: DeadmanRequest
  private var accounts: [AccountID]?

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: DeadmanRequest) {
    self.request = request
    super.init(agent, client, number, timeout: request.timeout)
  }

  override func patience(_ agent: ControlAgent) -> Int32 { 5 }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      if accounts == nil { accounts = try begin(agent) }
      let accounts = accounts ?? []
      let isSettled = accounts.allSatisfy { hasSettled(agent.deadman.countdown(of: $0)) }
      guard isSettled || isLate(agent) else { return false }
      for account in accounts { data(agent, object(agent, account)) }
      if request.verb == .status { return end(agent, exit: 0) }
      let refused = accounts.first { agent.deadman.countdown(of: $0)?.isRefused == true }
      if let refused {
        throw RequestError(
          "venue.refused", exit: 20,
          "the venue of \(agent.view.names.account(refused)?.name ?? "") refused the countdown")
      }
      guard isSettled else { throw RequestError("wait.timeout", exit: 31, "the venue has not confirmed in time") }
      return end(agent, exit: 0)
    } catch {
      return fail(agent, error)
    }
  }

  private func begin(_ agent: ControlAgent) throws(RequestError) -> [AccountID] {
    let accounts = try agent.resolver.accounts(request.account)
    switch request.verb {
    case .arm:
      guard let length = request.length, length >= 1_000_000_000, length <= 86_400_000_000_000 else {
        throw .usage("value", "a countdown is 1s to 24h long")
      }
      for account in accounts { agent.deadman.set(account, length, now: agent.now) }
    case .disarm:
      for account in accounts where agent.deadman.countdown(of: account) != nil {
        agent.deadman.set(account, 0, now: agent.now)
      }
    case .status: break
    }
    agent.keepDeadman()
    return accounts
  }

  private func hasSettled(_ countdown: Deadman.Countdown?) -> Bool {
    switch request.verb {
    case .arm: countdown.map { $0.fallsAt != .zero || $0.isRefused } ?? true
    case .disarm: countdown.map(\.isRefused) ?? true
    case .status: true
    }
  }

  private func object(_ agent: ControlAgent, _ account: AccountID) -> [UInt8] {
    let name = agent.view.names.account(account)?.name ?? ""
    let objects = StateObjects(names: agent.view.names, utc: agent.utc)
    guard let countdown = agent.deadman.countdown(of: account), countdown.length > 0 else {
      return objects.check("deadman \(name)", "ok", "not armed", fix: nil)
    }
    guard countdown.fallsAt > agent.now else {
      return objects.check(
        "deadman \(name)", "warn", "not confirmed by the venue", fix: "oms status; oms deadman status -a \(name)")
    }
    let length = DurationText.text(nanoseconds: countdown.length)
    let left = (countdown.fallsAt.nanoseconds - agent.now.nanoseconds) / 1_000_000
    return objects.check("deadman \(name)", "ok", "\(length), renewed in time; \(left) ms are left", fix: nil)
  }
}

extension ControlAgent {
  /// Something is armed: somebody has to renew it.
  func keepDeadman() {
    guard !isDeadmanKept, !deadman.countdowns.isEmpty else { return }
    isDeadmanKept = true
    begin(DeadmanKeeper(self))
  }
}
