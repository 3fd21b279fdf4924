package import OMSLib

/// Which of the exchange's two faces a connection speaks to. Each has a listening address of its own.
package enum VenueProduct: String, Sendable, CaseIterable {
  case spot
  case usdm
}

/// One connection of a client.
package struct VenueLink: Hashable, Sendable {
  package let number: UInt64

  package init(number: UInt64) { self.number = number }
}

/// The same instant on both clocks: deadlines hang on the first, what clients are told on the second.
package struct ServerTime: Sendable {
  package var now: EngineTime
  package var utc: UTCTime

  package init(now: EngineTime, utc: UTCTime) {
    self.now = now
    self.utc = utc
  }

  package var milliseconds: Int64 { utc.nanoseconds / 1_000_000 }
}

/// What a client is told when a request is not carried out.
package struct VenueError: Error, Equatable, Sendable {
  /// Of HTTP; the WebSocket API repeats it.
  package var status: Int
  package var code: Int32
  package var message: String
  /// Of a throttled client: until when it has to wait.
  package var until: UTCTime?

  package init(_ code: Int32, _ message: String, status: Int = 400, until: UTCTime? = nil) {
    self.status = status
    self.code = code
    self.message = message
    self.until = until
  }
}
