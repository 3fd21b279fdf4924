import OMSLib
import Testing

@Suite struct LinkSessionTests {
  private static let ms: Int64 = 1_000_000
  private static let hour: Int64 = 3_600_000_000_000

  private func time(_ ms: Int64) -> EngineTime { EngineTime(nanoseconds: ms * Self.ms) }

  private func session(_ seed: UInt64 = 1) -> LinkSession {
    let backoff = Backoff(
      leastNanoseconds: 100 * Self.ms, mostNanoseconds: 10_000 * Self.ms, stableNanoseconds: 60_000 * Self.ms)
    return LinkSession(.orders(backoff), seed: SplitMix64(seed: seed), now: time(0))
  }

  private func up(_ session: inout LinkSession, at now: EngineTime) -> UInt32 {
    guard case .open(let number)? = session.turn(at: now).first else {
      Issue.record("no link was opened")
      return 0
    }
    #expect(session.opened(number, at: now) == [.use(number)])
    return number
  }

  @Test func aLinkIsOpenedOnceAndUsedWhenItIsUp() {
    var session = session()
    #expect(session.turn(at: time(0)) == [.open(1)])
    #expect(session.turn(at: time(1)) == [])
    #expect(session.inUse == nil)
    #expect(session.opened(1, at: time(20)) == [.use(1)])
    #expect(session.inUse == 1)
  }

  @Test func aDeadLinkIsKnownWithinTwoSeconds() {
    var session = session()
    let number = up(&session, at: time(0))
    #expect(session.turn(at: time(599)) == [])
    #expect(session.turn(at: time(600)) == [.ping(number)])
    #expect(session.turn(at: time(1_200)) == [.ping(number)])
    #expect(session.turn(at: time(1_800)) == [.ping(number)])
    #expect(session.turn(at: time(1_900)) == [.abort(number, .silent), .open(2)])
    #expect(session.losses == 1)
    #expect(session.inUse == nil)
  }

  @Test func whoAnswersIsLeftAlone() {
    var session = session()
    let number = up(&session, at: time(0))
    for step in 1..<100 {
      let now = time(Int64(step) * 500)
      session.heard(number, at: now)
      #expect(session.turn(at: now) == [])
    }
  }

  @Test func whatNeverComesUpIsGivenUpAndTriedAgainMoreSlowly() {
    var session = session()
    #expect(session.turn(at: time(0)) == [.open(1)])
    #expect(session.turn(at: time(4_999)) == [])
    #expect(session.turn(at: time(5_000)) == [.abort(1, .neverCameUp), .open(2)])
    session.ended(2, at: time(5_001))
    #expect(session.turn(at: time(5_001)) == [])
    #expect(session.nextDue > time(5_001))
    #expect(session.turn(at: session.nextDue) == [.open(3)])
    #expect(session.losses == 0)
  }

  @Test func aVenueThatAcceptsAndClosesAtOnceIsNotStormed() {
    var session = session()
    var now = time(0)
    var attempts = 0
    while now < time(60_000) {
      for case .open(let number) in session.turn(at: now) {
        attempts += 1
        _ = session.opened(number, at: now)
        session.ended(number, at: now)
      }
      now = max(session.nextDue, now.advanced(byNanoseconds: Self.ms))
    }
    #expect(attempts < 40, "\(attempts) attempts in a minute")
    #expect(attempts > 5)
  }

  @Test func anAnnouncedEndBringsTheSuccessorFirst() {
    var session = session()
    let number = up(&session, at: time(0))
    session.announcedEnd(number, at: time(100))
    #expect(session.turn(at: time(100)) == [.open(2)])
    #expect(session.inUse == number, "orders go on over the old one")
    #expect(session.opened(2, at: time(150)) == [.use(2), .close(number)])
    session.ended(number, at: time(160))
    #expect(session.inUse == 2)
    #expect(session.losses == 0)
  }

  @Test func theOldLinkMayBreakBeforeItsSuccessorIsUp() {
    var session = session()
    let number = up(&session, at: time(0))
    session.announcedEnd(number, at: time(100))
    #expect(session.turn(at: time(100)) == [.open(2)])
    session.ended(number, at: time(110))
    #expect(session.inUse == nil)
    #expect(session.turn(at: time(111)) == [], "the successor is under way already")
    #expect(session.opened(2, at: time(150)) == [.use(2)])
  }

  @Test func aLinkIsReplacedBeforeTheVenueCutsIt() {
    for seed in 1..<20 as Range<UInt64> {
      var session = session(seed)
      let number = up(&session, at: time(0))
      var now = time(0)
      var successor: UInt32?
      while successor == nil, now < EngineTime(nanoseconds: 24 * Self.hour) {
        now = now.advanced(byNanoseconds: 60 * 1_000 * Self.ms)
        session.heard(number, at: now)
        for case .open(let next) in session.turn(at: now) { successor = next }
      }
      #expect(successor == 2)
      #expect(now < EngineTime(nanoseconds: 24 * Self.hour - 30 * 60_000 * Self.ms))
      #expect(now > EngineTime(nanoseconds: 21 * Self.hour))
    }
  }

  @Test func aSuccessorThatFailsLeavesTheOldOneInUse() {
    var session = session()
    let number = up(&session, at: time(0))
    session.heard(number, at: time(70_000))
    session.announcedEnd(number, at: time(70_000))
    #expect(session.turn(at: time(70_000)) == [.open(2)])
    session.ended(2, at: time(70_010))
    #expect(session.inUse == number)
    session.heard(number, at: time(70_020))
    #expect(session.turn(at: time(70_020)) == [.open(3)], "the first failure behind a link that held costs no pause")
  }

  @Test func anAnswerOfALinkThatIsGoneOpensNothing() {
    var session = session()
    _ = session.turn(at: time(0))
    #expect(session.opened(9, at: time(1)) == [.close(9)])
    #expect(session.inUse == nil)
  }
}
