/// What the exchange has said and nobody has taken yet, in order. Numbers in the events are the exchange's own.
package struct ExchangeOutput: ~Copyable {
  private let events: Rows<VenueEvent>
  private var written = 0
  private var taken = 0

  init(capacity: Int) { events = Rows(zeroed: capacity) }

  package var count: Int { written - taken }
  package var room: Int { events.count - written }

  mutating func push(_ event: VenueEvent) {
    precondition(written < events.count, "the reader of the exchange takes its events between inputs")
    events[written] = event
    written += 1
  }

  /// Fills from the start again once empty, so that only as much memory is touched as one input needs.
  package mutating func pop() -> VenueEvent? {
    guard taken < written else { return nil }
    let event = events[taken]
    taken += 1
    if taken == written { (taken, written) = (0, 0) }
    return event
  }
}
