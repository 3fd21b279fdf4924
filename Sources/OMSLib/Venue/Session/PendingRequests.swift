/// Requests that are on a wire and not answered, by the number that each was sent under.
///
/// Numbers rise and all have the same patience, so a slot is found without a search and the oldest is the next whose
/// patience ends. One that was given up stays until its slot is needed: its answer may come late, and still says something.
@safe package struct PendingRequests: ~Copyable {
  package struct Entry: BitwiseCopyable {
    package var number: UInt64
    package var request: VenueRequest
    package var charge: RateBudget.Charge?
    /// Of the limit that the account has for itself.
    package var accountCharge: RateBudget.Charge?
    package var sent: EngineTime
    /// The link it left by.
    package var link: UInt32
    /// Its outcome was called unknown already.
    package var isGivenUp: Bool
    /// The sender's own.
    package var tag: UInt8
  }

  private let slots: UnsafeMutablePointer<Entry?>
  private let capacity: Int
  private let patience: Int64
  private var next: UInt64 = 1
  /// None before it waits.
  private var oldest: UInt64 = 1
  package private(set) var waiting = 0

  package init(capacity: Int, patienceNanoseconds: Int64) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a power of two")
    precondition(patienceNanoseconds > 0, "an answer takes time")
    self.capacity = capacity
    patience = patienceNanoseconds
    unsafe slots = .allocate(capacity: capacity)
    unsafe slots.initialize(repeating: nil, count: capacity)
  }

  deinit { unsafe slots.deallocate() }

  /// Whether one more may be sent: the slot of the next number is not one that still waits.
  package var hasRoom: Bool { unsafe slots[place(next)].map(\.isGivenUp) ?? true }

  /// The number that the next request is sent under.
  package var nextNumber: UInt64 { next }

  package mutating func add(
    _ request: VenueRequest, charge: RateBudget.Charge?, accountCharge: RateBudget.Charge? = nil, link: UInt32,
    tag: UInt8 = 0, now: EngineTime
  ) {
    precondition(hasRoom, "room is asked for before a request is sent")
    unsafe slots[place(next)] = Entry(
      number: next, request: request, charge: charge, accountCharge: accountCharge, sent: now, link: link,
      isGivenUp: false, tag: tag)
    next += 1
    waiting += 1
  }

  /// The request of that number, answered now. `nil`: there is none; the answer is to nothing that was asked.
  package mutating func take(_ number: UInt64) -> Entry? {
    guard let entry = entry(number) else { return nil }
    unsafe slots[place(number)] = nil
    if !entry.isGivenUp { waiting -= 1 }
    passSettled()
    return entry
  }

  package func entry(_ number: UInt64) -> Entry? {
    guard let entry = unsafe slots[place(number)], entry.number == number else { return nil }
    return entry
  }

  /// The next one whose patience is over: its outcome is unknown from now on.
  package mutating func giveUpLate(at now: EngineTime) -> Entry? {
    guard waiting > 0, let entry = entry(oldest), deadline(of: entry) <= now else { return nil }
    return giveUp(entry)
  }

  /// The next one that left by a link that is gone.
  package mutating func giveUpLost(link: UInt32) -> Entry? {
    var number = oldest
    while number < next {
      if let entry = entry(number), !entry.isGivenUp, entry.link == link { return giveUp(entry) }
      number += 1
    }
    return nil
  }

  /// When the first of them runs out of patience.
  package var nextDeadline: EngineTime {
    guard waiting > 0, let entry = entry(oldest) else { return .never }
    return deadline(of: entry)
  }

  private mutating func giveUp(_ entry: Entry) -> Entry {
    unsafe slots[place(entry.number)]?.isGivenUp = true
    waiting -= 1
    passSettled()
    return entry
  }

  private mutating func passSettled() {
    while oldest < next {
      if let entry = entry(oldest), !entry.isGivenUp { return }
      oldest += 1
    }
  }

  private func deadline(of entry: Entry) -> EngineTime { entry.sent.advanced(byNanoseconds: patience) }

  private func place(_ number: UInt64) -> Int { Int(number & UInt64(capacity - 1)) }
}
