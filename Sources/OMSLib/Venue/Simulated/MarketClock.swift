/// How fast the exchange's market runs beside the engine.
package enum MarketSpeed: Equatable, Sendable {
  /// 1: real time.
  case times(Int64)
  /// As fast as it is polled.
  case max
}

/// Turns engine time into market time. Market time never goes back.
package struct MarketClock: Sendable {
  package private(set) var speed: MarketSpeed
  package private(set) var isFrozen = false
  private var engine: EngineTime
  private var market: UTCTime

  package init(speed: MarketSpeed, engine: EngineTime, market: UTCTime) {
    if case .times(let factor) = speed { precondition(factor > 0, "a market runs forward") }
    self.speed = speed
    self.engine = engine
    self.market = market
  }

  package func market(at now: EngineTime) -> UTCTime {
    guard !isFrozen, case .times(let factor) = speed else { return market }
    let passed = Swift.max(now.nanoseconds - engine.nanoseconds, 0)
    return UTCTime(nanoseconds: market.nanoseconds + passed * factor)
  }

  /// When the market reaches `time`; `.never` if it stands still, the past if it runs at full speed.
  package func engine(at time: UTCTime) -> EngineTime {
    guard !isFrozen else { return .never }
    guard case .times(let factor) = speed else { return .zero }
    let ahead = time.nanoseconds - market.nanoseconds
    guard ahead > 0 else { return engine }
    return engine.advanced(byNanoseconds: (ahead + factor - 1) / factor)
  }

  /// Moves the market forward to `time`, at least.
  package mutating func move(to time: UTCTime, at now: EngineTime) {
    market = Swift.max(market(at: now), time)
    engine = now
  }

  package mutating func setFrozen(_ frozen: Bool, at now: EngineTime) {
    market = market(at: now)
    engine = now
    isFrozen = frozen
  }
}
