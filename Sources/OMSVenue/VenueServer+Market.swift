import OMSLib

// What everybody may see: answered by the pages of the market.

extension VenueServer where Recorder: ~Copyable {
  func isMarketPage(_ path: String, _ product: VenueProduct) -> Bool { false }

  func marketWeight(_ path: String, _ query: VenueQuery, _ product: VenueProduct) -> Int { 1 }

  func marketPath(ofMethod method: String, _ product: VenueProduct) -> String? { nil }

  mutating func marketPage(
    _ path: String, _ query: VenueQuery, _ caller: Caller, at time: ServerTime
  ) -> Result<[UInt8], VenueError> {
    .failure(VenueError(-5000, "Path \(path), Method GET is invalid", status: 404))
  }

  mutating func noteMarket(_ event: VenueEvent) {}

  func isCombined(_ link: VenueLink, _ state: LinkState) -> Bool {
    if case .streams(let face) = state.role { return face.isCombined }
    return false
  }

  mutating func open(
    _ name: String, _ events: Set<String>, on link: VenueLink, at time: ServerTime
  ) throws(VenueError) -> Bool { true }

  mutating func takeStreamRequest(_ message: [UInt8], _ link: VenueLink, at time: ServerTime) {}
}
