import Testing

@testable import OMSLib

@Suite struct LentBuffersTests {
  private final class Buffer {}

  /// The asker may be gone before its rows are there; what the other thread writes into must not be.
  @Test func aBufferLivesUntilItsAnswerHasCome() {
    var lent = LentBuffers()
    weak var seen: Buffer?
    do {
      let buffer = Buffer()
      seen = buffer
      lent.lend(buffer, 7)
    }
    #expect(seen != nil, "lent, though nobody else holds it")
    lent.takeBack(6)
    #expect(seen != nil, "another answer")
    lent.takeBack(7)
    #expect(seen == nil)
    #expect(lent.count == 0)
  }
}
