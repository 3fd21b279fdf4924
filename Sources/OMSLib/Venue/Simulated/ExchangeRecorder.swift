/// Where an exchange writes its inputs before it answers. Replaying them makes the same exchange again.
package protocol ExchangeRecorder: ~Copyable {
  /// A new exchange begins: everything before it is over.
  mutating func start(_ record: ExchangeStartRecord)
  mutating func request(_ record: ExchangeRequestRecord)
  mutating func control(_ record: ExchangeControlRecord)
  /// Time passed and something happened by itself.
  mutating func advance(_ record: ExchangeAdvanceRecord)
  /// `false`: there is no room for one more input now; the exchange takes none.
  var hasRoom: Bool { get }
  /// Whether so many controls find room in a row.
  func hasRoom(forControls count: Int) -> Bool
}

package struct ExchangeStartRecord: Sendable, BitwiseCopyable {
  package var options = ExchangeOptions()
  package var time = UTCTime.zero
  package init() {}
}

package struct ExchangeRequestRecord: Sendable, BitwiseCopyable {
  package var stamp: ExchangeStamp
  package var request: VenueRequest
}

package struct ExchangeControlRecord: Sendable, BitwiseCopyable {
  package var stamp: ExchangeStamp
  package var control: ExchangeControl
}

package struct ExchangeAdvanceRecord: Sendable, BitwiseCopyable {
  package var time: UTCTime
}

/// Remembers nothing: for simulations that are repeated by their seed.
package struct NoExchangeRecorder: ExchangeRecorder, ~Copyable {
  package init() {}
  package mutating func start(_ record: ExchangeStartRecord) {}
  package mutating func request(_ record: ExchangeRequestRecord) {}
  package mutating func control(_ record: ExchangeControlRecord) {}
  package mutating func advance(_ record: ExchangeAdvanceRecord) {}
  package var hasRoom: Bool { true }
  package func hasRoom(forControls count: Int) -> Bool { true }
}

/// Writes the inputs into a journal of the exchange's own.
///
/// Owner: the thread that drives the exchange. An answer is given only after the record is in the ring, which survives
/// the process.
package struct JournalExchangeRecorder: ExchangeRecorder, ~Copyable {
  private var appender: JournalAppender
  private var time: EngineTime

  package init(_ appender: consuming JournalAppender) {
    time = appender.time
    self.appender = appender
  }

  package mutating func start(_ record: ExchangeStartRecord) { append(.exchangeStart, record.time, record) }

  package mutating func request(_ record: ExchangeRequestRecord) {
    append(.exchangeRequest, record.stamp.time, record)
  }

  package mutating func control(_ record: ExchangeControlRecord) {
    append(.exchangeControl, record.stamp.time, record)
  }

  package mutating func advance(_ record: ExchangeAdvanceRecord) { append(.exchangeAdvance, record.time, record) }

  package var hasRoom: Bool { appender.freeBytes >= 4 * Limits.recordBytes }

  package func hasRoom(forControls count: Int) -> Bool {
    let bytes = JournalFormat.headerBytes + (MemoryLayout<ExchangeControlRecord>.size + 63) & ~63
    return appender.freeBytes >= 4 * Limits.recordBytes + count * bytes
  }

  private mutating func append<Body: BitwiseCopyable>(_ type: RecordType, _ utc: UTCTime, _ body: Body) {
    // Market time of a new exchange may start below that of the one before; journal time never goes back.
    time = max(time, EngineTime(nanoseconds: utc.nanoseconds))
    let lsn = appender.append(type, time: time, utc: utc, body)
    precondition(lsn != nil, "the exchange asks for room before it takes an input")
    appender.publish()
  }
}

extension Exchange {
  /// Applies one recorded input; its answers were given then, so they are dropped.
  package mutating func replay(_ record: ExchangeRequestRecord) {
    skip(to: record.stamp.time)
    apply(record.request, at: record.stamp)
    drop()
  }

  package mutating func replay(_ record: ExchangeControlRecord) {
    skip(to: record.stamp.time)
    control(record.control, at: record.stamp)
    drop()
  }

  package mutating func replay(_ record: ExchangeAdvanceRecord) { skip(to: record.time) }

  private mutating func skip(to time: UTCTime) {
    while !advance(to: time) { drop() }
    drop()
  }

  private mutating func drop() {
    while output.pop() != nil {}
  }
}

extension Exchange {
  /// Applies the body of one record of the exchange's journal. `false`: the record is of another type or too short.
  /// `exchangeStart` is for the caller: it makes a new exchange of it.
  package mutating func replay(_ type: RecordType, body: UnsafeRawBufferPointer) -> Bool {
    switch type {
    case .exchangeRequest:
      guard body.count >= MemoryLayout<ExchangeRequestRecord>.size else { return false }
      replay(unsafe body.loadUnaligned(as: ExchangeRequestRecord.self))
    case .exchangeControl:
      guard body.count >= MemoryLayout<ExchangeControlRecord>.size else { return false }
      replay(unsafe body.loadUnaligned(as: ExchangeControlRecord.self))
    case .exchangeAdvance:
      guard body.count >= MemoryLayout<ExchangeAdvanceRecord>.size else { return false }
      replay(unsafe body.loadUnaligned(as: ExchangeAdvanceRecord.self))
    default: return false
    }
    return true
  }
}
