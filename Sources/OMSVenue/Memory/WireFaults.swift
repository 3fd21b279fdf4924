/// What a network does to the bytes of a host's wires while nothing is broken for good.
package struct WireFaults: Sendable {
  /// Of one way.
  package var delayNanoseconds: Int64 = 0
  /// Up to so much more, by chance. Bytes of one wire keep their order; those of two need not.
  package var jitterNanoseconds: Int64 = 0
  /// Pieces in a million that are lost: each comes with the next attempt, and all behind it wait.
  package var lostPerMillion: UInt64 = 0
  package var retransmissionNanoseconds: Int64 = 200_000_000
  /// What is written at once comes in pieces of one byte up to so many, by chance.
  package var pieceBytes = Int.max
  package var bytesPerSecond = Int64.max

  package init(delayNanoseconds: Int64 = 0, jitterNanoseconds: Int64 = 0) {
    self.delayNanoseconds = delayNanoseconds
    self.jitterNanoseconds = jitterNanoseconds
  }
}

/// What a host does with those who want to connect.
package enum HostMood: Equatable, Sendable {
  case open
  /// Nobody knows its address.
  case nameless
  /// It answers with an error of the kernel at once.
  case refusing(Int32)
  /// It says nothing at all.
  case silent
}

/// The way that bytes take.
package enum WireDirection: Sendable, CaseIterable {
  case toVenue
  case toClient
}
