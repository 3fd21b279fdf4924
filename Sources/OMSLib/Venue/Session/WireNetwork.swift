/// What became of a wire.
package enum WireNews: Equatable, Sendable {
  case opened(UInt32)
  /// There is something to receive.
  case readable(UInt32)
  /// It is gone, with the reason in words. Whatever was not received by then is lost.
  case ended(UInt32, String)
}

/// Connections that carry bytes: what the poll loop does for real, and a simulation as it pleases. Nothing waits.
package protocol WireNetwork: ~Copyable {
  /// Begins to connect under a number that was never used before. `opened` or `ended` tells how it went.
  mutating func open(_ wire: UInt32, to host: WireHost, now: EngineTime)
  /// `false`: there is no room for all of it, and nothing was taken.
  mutating func send(_ wire: UInt32, _ bytes: borrowing ByteBuffer) -> Bool
  /// Bytes that were taken and have not left this process.
  func unsent(_ wire: UInt32) -> Int
  /// Adds all that has come, as far as one look goes. `true`: there is more.
  mutating func receive(_ wire: UInt32, into bytes: inout ByteQueue) -> Bool
  /// Behind what was sent. Nothing more is heard of it.
  mutating func close(_ wire: UInt32)
  /// What is not sent yet will not be. Nothing more is heard of it.
  mutating func abort(_ wire: UInt32)
  /// What has happened since the last look, until `nil`.
  mutating func next(now: EngineTime) -> WireNews?
}
