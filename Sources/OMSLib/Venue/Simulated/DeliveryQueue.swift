/// Events on their way to the engine, in order, each with the time from which it may be seen. Memory is reserved at
/// start.
struct DeliveryQueue: ~Copyable {
  struct Entry: BitwiseCopyable {
    var event: VenueEvent
    var due: EngineTime
  }

  let entries: Rows<Entry>
  private var written = 0
  private var taken = 0
  private var newest = EngineTime(nanoseconds: .min)

  init(capacity: Int) { entries = Rows(zeroed: capacity) }

  var count: Int { written - taken }
  var room: Int { entries.count - count }

  /// A later event is never seen before an earlier one: like one connection.
  mutating func push(_ event: VenueEvent, due: EngineTime) {
    precondition(count < entries.count, "room was asked for before")
    newest = max(newest, due)
    entries[written % entries.count] = Entry(event: event, due: newest)
    written += 1
  }

  /// `.never` when empty.
  var nextDue: EngineTime { taken == written ? .never : entries[taken % entries.count].due }

  mutating func pop() -> VenueEvent? {
    guard taken < written else { return nil }
    let event = entries[taken % entries.count].event
    taken += 1
    if taken == written { (taken, written) = (0, 0) }
    return event
  }

  mutating func removeAll() { (taken, written) = (0, 0) }
}

/// Requests on their way to the exchange, in order, each with the time of its arrival.
struct ArrivalQueue: ~Copyable {
  struct Entry: BitwiseCopyable {
    var request: VenueRequest
    var arrival: EngineTime
  }

  let entries: Rows<Entry>
  private var written = 0
  private var taken = 0

  init(capacity: Int) { entries = Rows(zeroed: capacity) }

  var isFull: Bool { written - taken == entries.count }
  var nextArrival: EngineTime { taken == written ? .never : entries[taken % entries.count].arrival }

  mutating func push(_ request: VenueRequest, arrival: EngineTime) {
    precondition(!isFull, "room was asked for before")
    entries[written % entries.count] = Entry(request: request, arrival: arrival)
    written += 1
  }

  mutating func pop() -> Entry? {
    guard taken < written else { return nil }
    let entry = entries[taken % entries.count]
    taken += 1
    if taken == written { (taken, written) = (0, 0) }
    return entry
  }
}
