/// Brings a core to where a journal ends: every input once more, and every recorded event must come out again, byte for
/// byte.
///
/// Owner: whoever starts the engine, or the shadow that makes snapshots.
struct Replay: ~Copyable {
  var core: Core
  private var output = StepOutput()
  private var nextEvent = 0
  /// Wire ids that were, or may have been, written.
  private(set) var written: [Text32] = []
  private(set) var lastLsn: UInt64 = 0

  /// Orders of a core that comes from a snapshot were, or may have been, written before.
  init(core: consuming Core) {
    written = core.writtenWireIDs
    self.core = core
  }

  /// Whether every event of the last input was met.
  var isComplete: Bool { missingCount == 0 }
  /// Events of the last input that the journal does not have.
  var missingCount: Int { output.eventCount - nextEvent }

  mutating func take(_ record: JournalRecord) throws(EngineFailure) {
    let header = record.header
    lastLsn = header.lsn
    guard let type = header.type else {
      throw EngineFailure(10, "config.core_version", "record \(header.lsn) has the unknown type \(header.typeRaw)")
    }
    if type.isInput {
      guard nextEvent == output.eventCount else { throw Self.differs(header.lsn, "an event is missing before it") }
      output.clear()
      nextEvent = 0
      guard let body = unsafe record.body.baseAddress else { throw Self.differs(header.lsn, "it has no body") }
      unsafe core.step(
        type, body, at: StepStamp(time: header.time, utc: header.utc, lsn: header.lsn), into: &output)
      noteFrames()
    } else if type.isEvent {
      try meet(record)
    } else if type == .stateHash {
      let found = record.load(as: StateHashRecord.self)
      let digest = core.stateDigest
      guard found == StateHashRecord(high: digest.high, low: digest.low, inputCount: core.inputCount) else {
        throw Self.differs(header.lsn, "the state is another one")
      }
    }
  }

  private mutating func meet(_ record: JournalRecord) throws(EngineFailure) {
    guard nextEvent < output.eventCount else { throw Self.differs(record.lsn, "it does not come out again") }
    let event = output.event(nextEvent)
    let body = unsafe output.body(nextEvent)
    nextEvent += 1
    let isSame = unsafe body.elementsEqual(record.body)
    guard event.typeRaw == record.header.typeRaw, event.seq == record.header.seq, isSame else {
      throw Self.differs(record.lsn, "another event comes out")
    }
  }

  private mutating func noteFrames() {
    for index in 0..<output.requestCount {
      let request = output.request(at: index)
      if request.kind == .newOrder { written.append(request.wireID) }
      if request.kind == .amendOrder, !request.newWireID.isEmpty { written.append(request.newWireID) }
    }
    if written.count > 2 * Limits.orderIDWindow { written.removeFirst(Limits.orderIDWindow) }
  }

  private static func differs(_ lsn: UInt64, _ why: String) -> EngineFailure {
    EngineFailure(
      10, "config.replay", "record \(lsn) was made by another core: \(why); run the version that wrote it")
  }

  /// Appends what is missing of the last input's events: the journal may have been cut between them.
  func complete(_ journal: inout JournalAppender) {
    let global = core.state.global
    for index in nextEvent..<output.eventCount {
      let event = output.event(index)
      let appended = unsafe journal.append(
        event.typeRaw, time: max(global.lastTime, journal.time), utc: global.lastUTC, seq: event.seq,
        body: output.body(index))
      precondition(appended != nil, "a new ring has room for the rest of one input")
    }
    journal.publish()
  }

  consuming func takeCore() -> Core { core }
}
