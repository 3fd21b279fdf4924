import Testing

@testable import OMSLib

@Suite struct EngineClockTests {
  private static let second: Int64 = 1_000_000_000

  /// A small difference is slewed and told to nobody; a step is taken at once and told once.
  @Test func stepsAreToldAndDriftIsNot() {
    let clock = EngineClock(after: .zero)
    let offset = clock.utc.nanoseconds - clock.now.nanoseconds
    #expect(clock.follow(realtime: clock.now.nanoseconds + offset + Self.second / 2) == nil)
    #expect(clock.takeStep() == nil)
    let slewed = clock.utc.nanoseconds - clock.now.nanoseconds - offset
    #expect(slewed > 0 && slewed < Self.second / 100)
    let step = clock.follow(realtime: clock.now.nanoseconds + offset + 20 * Self.second)
    #expect(step != nil)
    let told = clock.takeStep()
    #expect(told == step)
    #expect(clock.takeStep() == nil)
    let jumped = clock.utc.nanoseconds - clock.now.nanoseconds - offset
    #expect(jumped > 19 * Self.second)
  }

  static let judged: [(seconds: Int64, expected: UInt64)] = [
    (2, ClockOffsetInput.told), (-2, ClockOffsetInput.told), (3_600, ClockOffsetInput.told),
    (-6, ClockOffsetInput.alarm), (-86_400, ClockOffsetInput.alarm),
  ]

  @Test(arguments: judged)
  func onlyAStepFarBackIsAnAlarm(seconds: Int64, expected: UInt64) {
    #expect(ClockStep.input(seconds * Self.second).isAlarm == expected)
  }

  /// New risk waits until somebody accepts the clock, whatever it does meanwhile.
  @Test func anAlarmStaysUntilItIsAccepted() {
    let fixture = CoreFixture()
    fixture.step(.clockOffset, ClockStep.input(-10 * Self.second))
    #expect(fixture.order("a").reason == .clockUncertain)
    fixture.step(.clockOffset, ClockStep.input(10 * Self.second))
    #expect(fixture.order("b").reason == .clockUncertain, "stepping forward again accepts nothing")
    fixture.step(.clockOffset, ClockOffsetInput())
    #expect(fixture.order("c").outcome == .accepted)
  }
}
