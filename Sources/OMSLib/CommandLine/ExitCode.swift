/// How a command ends. The tens digit says what was sent (1x nothing, 2x the venue said otherwise, 3x open, 4x data).
package enum ExitCode: UInt8, CaseIterable, Sendable {
  case ok = 0
  case failure = 1
  case usage = 2
  case configuration = 10
  case credentials = 11
  case confirmation = 12
  case modeGuard = 13
  case risk = 14
  case halted = 15
  case unreachable = 16
  case busy = 17
  case notFound = 18
  case conflict = 19
  case venueRejected = 20
  case venueRefusedKey = 21
  case venueLimited = 22
  case marketClosed = 23
  case otherEnd = 24
  case unknown = 30
  case timeout = 31
  case partial = 32
  case gap = 40
  case drift = 41
  case interrupted = 130
  case terminated = 143

  package var meaning: String {
    switch self {
    case .ok: "ok, the requested condition holds"
    case .failure: "a failure not listed here; `oms check` uses 0 to 3 as Nagios does"
    case .usage: "usage: flags, arguments, an input line that cannot be parsed"
    case .configuration: "configuration invalid or missing"
    case .credentials: "credentials: vault locked, key missing, no permission here"
    case .confirmation: "confirmation declined, or needed and impossible (no terminal, no --yes)"
    case .modeGuard: "mode guard: live account without --live, or a paper engine"
    case .risk: "refused by the risk engine"
    case .halted: "halted: kill switch, pause, schedule, drawdown stop"
    case .unreachable: "not reachable now: engine down or starting, versions differ, link down, rate budget used up"
    case .busy: "busy: lock or job name held, instance already running"
    case .notFound: "not found: order, account, symbol, strategy, snapshot, plan"
    case .conflict: "conflict: id used with other parameters, plan gone stale"
    case .venueRejected: "rejected by the venue"
    case .venueRefusedKey: "the venue refused the key, the address or the permission"
    case .venueLimited: "rate limited or banned by the venue, not executed"
    case .marketClosed: "market closed, symbol suspended, venue in maintenance"
    case .otherEnd: "reached another end state than the one waited for"
    case .unknown: "unknown: it left, no answer came; repeat only with the same id"
    case .timeout: "timeout while waiting; the state is known and printed"
    case .partial: "partial: some done, some not"
    case .gap: "stream gap or stale data, with --no-gaps or --max-age"
    case .drift: "differences found"
    case .interrupted: "ended by SIGINT with nothing outstanding"
    case .terminated: "ended by SIGTERM with nothing outstanding"
    }
  }

  /// Whether something reached a venue when a command ends so: `no`, `yes`, `some`, `unknown`, or `-`.
  package var sent: String {
    switch rawValue {
    case 2, 10...19: "no"
    case 20...24, 31: "yes"
    case 30: "unknown"
    case 32: "some"
    default: "-"
    }
  }

  /// What a script does next.
  package var reaction: String {
    switch self {
    case .ok: "go on"
    case .failure: "stop"
    case .usage: "fix the script"
    case .configuration: "fix, do not restart"
    case .credentials: "unlock"
    case .confirmation: "add --yes knowingly"
    case .modeGuard: "add --live knowingly"
    case .risk: "smaller, or another account"
    case .halted: "wait for a person"
    case .unreachable: "start it, or wait retry_after_ms, then retry"
    case .busy: "skip this turn"
    case .notFound: "check the name"
    case .conflict: "look, choose a new id"
    case .venueRejected: "read venue_code"
    case .venueRefusedKey: "fix the key"
    case .venueLimited: "wait retry_after_ms"
    case .marketClosed: "later"
    case .otherEnd: "decide"
    case .unknown: "oms wait ID --for known"
    case .timeout: "wait more or cancel"
    case .partial: "read the lines"
    case .gap: "resynchronise"
    case .drift: "investigate"
    case .interrupted, .terminated: "-"
    }
  }
}

/// The status a process ends with: one of the table, or that of the command it ran.
package struct ExitStatus: Equatable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package init(_ code: ExitCode) { rawValue = code.rawValue }

  package static let ok = ExitStatus(.ok)

  /// The one status of several outcomes: partial when any part succeeded, else the most careful (30, then 2x, then 1x).
  package static func combined(_ parts: some Sequence<UInt8>) -> ExitStatus {
    var succeeded = 0
    var worst: UInt8?
    var hasUnknown = false
    for part in parts {
      if part == 0 {
        succeeded += 1
        continue
      }
      hasUnknown = hasUnknown || part == ExitCode.unknown.rawValue
      if let known = worst { worst = care(part) > care(known) ? part : known } else { worst = part }
    }
    guard let worst else { return .ok }
    if hasUnknown { return ExitStatus(.unknown) }
    return succeeded > 0 ? ExitStatus(.partial) : ExitStatus(rawValue: worst)
  }

  /// Rank of a failure: the more may have happened, the higher.
  private static func care(_ status: UInt8) -> Int {
    switch status {
    case 30: 5
    case 31, 32: 4
    case 20...29: 3
    case 10...19: 2
    default: 1
    }
  }
}
