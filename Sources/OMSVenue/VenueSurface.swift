package import OMSLib

/// What a runner drives: an exchange's face without sockets. What came is handed in, what is to be sent is taken out.
package protocol VenueSurface: ~Copyable {
  mutating func accept(_ link: VenueLink, product: VenueProduct, peer: String, at time: ServerTime)
  /// A connection of somebody who steers it, if it can be steered.
  mutating func accept(control link: VenueLink)
  /// Answers come in the order of the requests of a link.
  mutating func take(_ request: HTTPRequest, on link: VenueLink, at time: ServerTime)
  mutating func take(message: [UInt8], on link: VenueLink, at time: ServerTime)
  mutating func take(pong payload: [UInt8], on link: VenueLink, at time: ServerTime)
  /// The link is gone, or has said that it will be.
  mutating func close(_ link: VenueLink, at time: ServerTime)
  mutating func announceShutdown(at time: ServerTime)
  mutating func turn(at time: ServerTime)
  mutating func nextOutput() -> VenueOutput?
  var nextDue: EngineTime { get }
  /// What happens to the bytes of its connections; `nil`: nothing.
  var wireTroubles: WireTroubles? { get }
}

extension VenueSurface where Self: ~Copyable {
  package mutating func accept(control link: VenueLink) {}
  package var wireTroubles: WireTroubles? { nil }
}

extension VenueServer: VenueSurface where Recorder: ~Copyable {}
