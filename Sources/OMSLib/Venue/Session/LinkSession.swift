/// How one link to a venue is kept.
package struct LinkSettings: Sendable {
  /// From the first attempt to the end of the log-on.
  package var openingNanoseconds: Int64 = 5_000_000_000
  /// Quiet for so long: we ask whether somebody is there.
  package var quietNanoseconds: Int64
  /// Nothing came for so long: nobody is.
  package var silenceNanoseconds: Int64
  /// The venue cuts a link after its lifetime; before that another one takes its place.
  package var lifetimeNanoseconds: Int64
  package var backoff: Backoff

  package init(quietNanoseconds: Int64, silenceNanoseconds: Int64, lifetimeNanoseconds: Int64, backoff: Backoff) {
    precondition(silenceNanoseconds > quietNanoseconds, "it is asked before it is given up")
    self.quietNanoseconds = quietNanoseconds
    self.silenceNanoseconds = silenceNanoseconds
    self.lifetimeNanoseconds = lifetimeNanoseconds
    self.backoff = backoff
  }

  /// Orders go over it: whether it is dead must be known within two seconds.
  package static func orders(_ backoff: Backoff) -> LinkSettings {
    LinkSettings(
      quietNanoseconds: 600_000_000, silenceNanoseconds: 1_900_000_000, lifetimeNanoseconds: lifetime, backoff: backoff)
  }

  /// Markets may be quiet, and a venue takes few messages a second on such a link.
  package static func market(_ backoff: Backoff) -> LinkSettings {
    LinkSettings(
      quietNanoseconds: 3_000_000_000, silenceNanoseconds: 8_000_000_000, lifetimeNanoseconds: lifetime,
      backoff: backoff)
  }

  /// Of the 24 hours that venues give; each link takes off up to another hour by chance.
  private static let lifetime: Int64 = 23 * 3_600_000_000_000
}

/// One line of links to a venue, of which one is in use: when to open one, whether it lives, when a successor must come.
///
/// Pure: whoever performs the actions tells what became of them. A planned end opens the successor first, and the old
/// link goes only when that one is up, so that nothing is missed between them.
package struct LinkSession: Sendable {
  package enum Action: Equatable, Sendable {
    /// Open a link under this number.
    case open(UInt32)
    case ping(UInt32)
    /// It is up and is the one to use from now on; the one before it, if any, is closed behind this.
    case use(UInt32)
    case close(UInt32)
    /// Without ceremony: what is not sent yet must not be.
    case abort(UInt32, Reason)
  }

  package enum Reason: Equatable, Sendable {
    case neverCameUp
    case silent
  }

  private struct Link: Sendable {
    var number: UInt32
    var began: EngineTime
    var heard: EngineTime
    var asked = EngineTime.zero
    var ends = EngineTime.never
    var isUp = false
  }

  private var settings: LinkSettings
  private var random: SplitMix64
  private var current: Link?
  private var successor: Link?
  private var numbers: UInt32 = 0
  private var nextAttempt: EngineTime
  private var wantsSuccessor = false
  /// How often a link that was in use ended without having been told to.
  package private(set) var losses = 0

  package init(_ settings: LinkSettings, seed: SplitMix64, now: EngineTime) {
    self.settings = settings
    random = seed
    nextAttempt = now
  }

  package var isUp: Bool { current?.isUp == true }
  package var inUse: UInt32? { current.flatMap { $0.isUp ? $0.number : nil } }

  // MARK: What happened

  /// The link is open and logged on.
  package mutating func opened(_ number: UInt32, at now: EngineTime) -> [Action] {
    if let link = current, link.number == number {
      current = up(link, now)
      return [.use(number)]
    }
    guard let link = successor, link.number == number else { return [.close(number)] }
    let old = current?.number
    current = up(link, now)
    successor = nil
    wantsSuccessor = false
    return [.use(number)] + (old.map { [.close($0)] } ?? [])
  }

  /// Something came, be it a sign of life.
  package mutating func heard(_ number: UInt32, at now: EngineTime) {
    if current?.number == number { current?.heard = now }
    if successor?.number == number { successor?.heard = now }
  }

  /// It ended, or could not be opened.
  package mutating func ended(_ number: UInt32, at now: EngineTime) {
    if successor?.number == number {
      successor = nil
      nextAttempt = settings.backoff.fail(at: now, &random)
      return
    }
    guard current?.number == number else { return }
    if current?.isUp == true { losses += 1 }
    // A successor that is under way takes its place when it is up.
    current = successor
    successor = nil
    wantsSuccessor = false
    nextAttempt = settings.backoff.fail(at: now, &random)
  }

  /// The venue says that it will end the link soon.
  package mutating func announcedEnd(_ number: UInt32, at now: EngineTime) {
    guard current?.number == number else { return }
    wantsSuccessor = true
    nextAttempt = min(nextAttempt, now)
  }

  // MARK: What to do

  package mutating func turn(at now: EngineTime) -> [Action] {
    var actions: [Action] = []
    let links = (current, successor)
    watch(links.0, now, &actions)
    watch(links.1, now, &actions)
    if let link = current, link.isUp, now >= link.ends, !wantsSuccessor {
      wantsSuccessor = true
      nextAttempt = now
    }
    guard now >= nextAttempt else { return actions }
    if current == nil {
      current = open(now, &actions)
    } else if wantsSuccessor, successor == nil {
      successor = open(now, &actions)
    }
    return actions
  }

  /// When `turn` has something to do of its own accord.
  package var nextDue: EngineTime {
    var due = EngineTime.never
    for case let link? in [current, successor] {
      due = min(
        due, link.isUp ? min(asks(link), dies(link)) : link.began.advanced(byNanoseconds: settings.openingNanoseconds))
    }
    if let current, current.isUp, !wantsSuccessor { due = min(due, current.ends) }
    if current == nil || (wantsSuccessor && successor == nil) { due = min(due, nextAttempt) }
    return due
  }

  private mutating func open(_ now: EngineTime, _ actions: inout [Action]) -> Link {
    numbers += 1
    actions.append(.open(numbers))
    return Link(number: numbers, began: now, heard: now)
  }

  private mutating func up(_ opened: Link, _ now: EngineTime) -> Link {
    settings.backoff.succeed(at: now)
    var link = opened
    link.isUp = true
    link.heard = now
    let spread = Int64(random.below(3_600_000_000_000))
    let life = max(settings.lifetimeNanoseconds - spread, settings.lifetimeNanoseconds / 2)
    link.ends = now.advanced(byNanoseconds: life)
    return link
  }

  private func asks(_ link: Link) -> EngineTime {
    max(link.heard, link.asked).advanced(byNanoseconds: settings.quietNanoseconds)
  }

  private func dies(_ link: Link) -> EngineTime { link.heard.advanced(byNanoseconds: settings.silenceNanoseconds) }

  private mutating func watch(_ link: Link?, _ now: EngineTime, _ actions: inout [Action]) {
    guard let link else { return }
    if !link.isUp {
      guard now.nanoseconds - link.began.nanoseconds >= settings.openingNanoseconds else { return }
      actions.append(.abort(link.number, .neverCameUp))
      ended(link.number, at: now)
    } else if now >= dies(link) {
      actions.append(.abort(link.number, .silent))
      ended(link.number, at: now)
    } else if now >= asks(link) {
      if current?.number == link.number { current?.asked = now } else { successor?.asked = now }
      actions.append(.ping(link.number))
    }
  }
}
