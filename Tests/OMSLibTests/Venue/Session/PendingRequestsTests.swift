import OMSLib
import Testing

@Suite struct PendingRequestsTests {
  private func time(_ ms: Int64) -> EngineTime { EngineTime(nanoseconds: ms * 1_000_000) }

  private func request(_ number: UInt64) -> VenueRequest {
    var request = VenueRequest(.newOrder)
    request.requestID = number
    return request
  }

  @Test func anAnswerFindsItsRequestOnce() {
    var pending = PendingRequests(capacity: 8, patienceNanoseconds: 1_000_000_000)
    pending.add(request(70), charge: nil, link: 1, now: time(0))
    pending.add(request(71), charge: nil, link: 1, now: time(0))
    #expect(pending.take(2)?.request.requestID == 71)
    #expect(pending.take(2) == nil)
    #expect(pending.take(9) == nil)
    let waiting = pending.waiting
    #expect(waiting == 1)
  }

  @Test func patienceEndsInTurnAndALateAnswerIsStillKnown() {
    var pending = PendingRequests(capacity: 8, patienceNanoseconds: 1_000_000_000)
    pending.add(request(1), charge: nil, link: 1, now: time(0))
    pending.add(request(2), charge: nil, link: 1, now: time(500))
    let first = pending.nextDeadline
    #expect(first == time(1_000))
    #expect(pending.giveUpLate(at: time(999)) == nil)
    #expect(pending.giveUpLate(at: time(1_200))?.request.requestID == 1)
    #expect(pending.giveUpLate(at: time(1_200)) == nil)
    let (second, waiting) = (pending.nextDeadline, pending.waiting)
    #expect(second == time(1_500))
    #expect(waiting == 1)
    #expect(pending.take(1)?.isGivenUp == true)
    let left = pending.waiting
    #expect(left == 1)
  }

  @Test func aBrokenLinkTakesItsOwnWithIt() {
    var pending = PendingRequests(capacity: 8, patienceNanoseconds: 1_000_000_000)
    for number in 1...4 { pending.add(request(UInt64(number)), charge: nil, link: UInt32(number % 2), now: time(0)) }
    var lost: [UInt64] = []
    while let entry = pending.giveUpLost(link: 1) { lost.append(entry.request.requestID) }
    #expect(lost == [1, 3])
    let (waiting, next) = (pending.waiting, pending.nextDeadline)
    #expect(waiting == 2)
    #expect(next == time(1_000))
  }

  @Test func oneThatWaitsIsNeverOverwritten() {
    var pending = PendingRequests(capacity: 4, patienceNanoseconds: 1_000_000_000)
    for number in 1...4 { pending.add(request(UInt64(number)), charge: nil, link: 1, now: time(0)) }
    #expect(pending.take(3) != nil)
    let isFull = !pending.hasRoom
    #expect(isFull, "the slot of the next number is the oldest's")
    #expect(pending.giveUpLate(at: time(1_000)) != nil)
    let hasRoom = pending.hasRoom
    #expect(hasRoom)
    pending.add(request(5), charge: nil, link: 1, now: time(2_000))
    #expect(pending.take(1) == nil, "its slot was needed")
    #expect(pending.take(5)?.request.requestID == 5)
  }

  @Test func nothingIsLostOverManyLaps() {
    var random = SplitMix64(seed: 11)
    var pending = PendingRequests(capacity: 16, patienceNanoseconds: 1_000_000)
    var open: [UInt64: UInt64] = [:]
    for step in 0..<2_000 {
      let now = time(Int64(step))
      while let late = pending.giveUpLate(at: now) { #expect(open.removeValue(forKey: late.number) != nil) }
      if pending.hasRoom {
        open[pending.nextNumber] = UInt64(step)
        pending.add(request(UInt64(step)), charge: nil, link: 1, now: now)
      }
      if random.chance(1, in: 2), let (number, value) = open.min(by: { $0.key < $1.key }) {
        #expect(pending.take(number)?.request.requestID == value)
        open[number] = nil
      }
      let waiting = pending.waiting
      #expect(waiting == open.count)
    }
  }
}
