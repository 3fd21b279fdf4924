/// A question that is put to the venue itself, past the core: nothing of its answer is recorded or believed, somebody only
/// wants to see it.
struct VenueQuestion: BitwiseCopyable {
  var token: UInt64 = 0
  var wireID = Text32()
  var account = AccountID.none
  var instrument = InstrumentID.none
  /// When a countdown ends.
  var due = EngineTime.never
  var kindRaw = VenueRequest.Kind.queryOpenOrders.rawValue
  var reserved: (UInt8, UInt16) = (0, 0)
}

/// What the venue has answered to the one question that is open.
///
/// Owner: the hot thread. Requests of the core never carry the mark, so its answers are told apart.
struct VenueAnswers: ~Copyable {
  static let mark: UInt64 = 1 << 63
  /// All open orders of one account, and the end.
  static let capacity = Exchange.openOrderMax + 1
  /// A question without an answer makes room for the next after so long.
  private static let patience: Int64 = 5_000_000_000

  private let events = Rows<VenueEvent>(zeroed: Self.capacity)
  private(set) var count = 0
  private var asked: UInt64 = 0
  private var askedAt = EngineTime.zero
  private(set) var isComplete = true
  /// One report is the whole answer.
  private var isSingle = false

  /// The request to send, or `nil`: another one is open.
  mutating func begin(_ question: VenueQuestion, venue: VenueID, now: EngineTime) -> VenueRequest? {
    guard let kind = VenueRequest.Kind(rawValue: question.kindRaw), Self.isQuestion(kind) else { return nil }
    guard isComplete || now.nanoseconds - askedAt.nanoseconds > Self.patience else { return nil }
    asked = Self.mark | question.token
    askedAt = now
    isSingle = kind == .queryOrder
    count = 0
    isComplete = false
    var request = VenueRequest(kind)
    request.requestID = asked
    request.wireID = question.wireID
    request.account = question.account
    request.instrument = question.instrument
    request.venue = venue
    if kind == .deadman { request.signBy = question.due }
    return request
  }

  private static func isQuestion(_ kind: VenueRequest.Kind) -> Bool {
    kind == .queryOrder || kind == .queryOpenOrders || kind == .queryAccount || kind == .deadman
  }

  /// The question did not leave.
  mutating func giveUp() {
    asked = 0
    isComplete = true
  }

  func isAbout(_ token: UInt64) -> Bool { asked == Self.mark | token }

  /// `true`: the event belongs to a question of a person, and to nobody else.
  mutating func take(_ event: VenueEvent) -> Bool {
    guard event.requestID & Self.mark != 0 else { return false }
    // Late words about a question that was given up.
    guard event.requestID == asked, !isComplete else { return true }
    if count < Self.capacity {
      events[count] = event
      count += 1
    }
    switch event.kind {
    case .balance, .position: break
    case .orderReport: isComplete = isSingle
    default: isComplete = true
    }
    return true
  }

  subscript(index: Int) -> VenueEvent {
    precondition(index >= 0 && index < count, "an answer has so many parts")
    return events[index]
  }
}

/// Puts one question to the venue and collects the answer, from the control thread.
final class VenueRead {
  private var question: VenueQuestion
  private var token: UInt64 = 0
  private var rows: RowCopy<VenueEvent>?
  private var nextLook = EngineTime.zero
  private static let pauseNanoseconds: Int64 = 1_000_000
  private(set) var answer: [VenueEvent] = []

  init(_ kind: VenueRequest.Kind, _ account: AccountID, wireID: Text32 = Text32(), due: EngineTime = .never) {
    question = VenueQuestion()
    question.kindRaw = kind.rawValue
    question.account = account
    question.wireID = wireID
    question.due = due
  }

  func wants(_ token: UInt64) -> Bool { self.token == token || rows?.wants(token) == true }

  /// `true` once all of the answer is there. While somebody else asks, it waits for its turn.
  func step(_ agent: ControlAgent) -> Bool {
    if let rows {
      guard rows.step(agent) else { return false }
      answer = rows.rows
      return true
    }
    if question.token == 0 { question.token = agent.makeToken() }
    if token == 0 {
      guard agent.now >= nextLook else { return false }
      nextLook = agent.now.advanced(byNanoseconds: Self.pauseNanoseconds)
      token = question.token
      agent.ask(HotMessage(.venueQuestion, question))
      return false
    }
    guard let reply = agent.takeAnswer(token) else { return false }
    token = 0
    guard reply.outcomeRaw == Reply.Outcome.finished.rawValue else { return false }
    guard reply.count > 0 else { return true }
    let rows = RowCopy<VenueEvent>(.venueAnswers, first: 0, limit: Int(reply.count), argument: question.token)
    self.rows = rows
    return false
  }
}
