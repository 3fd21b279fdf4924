package import OMSLib

/// What `exchangeInfo` says beyond the rules of the exchange itself: what the server around it adds.
package struct MarketClaims: Sendable {
  package struct RateLimit: Equatable, Sendable {
    package enum Kind: String, Sendable {
      case requestWeight = "REQUEST_WEIGHT"
      case orders = "ORDERS"
      case rawRequests = "RAW_REQUESTS"
    }

    package enum Unit: String, Sendable {
      case second = "SECOND"
      case minute = "MINUTE"
      case hour = "HOUR"
      case day = "DAY"
    }

    package var kind: Kind
    package var unit: Unit
    package var count: Int
    package var limit: Int

    package init(_ kind: Kind, _ limit: Int, per count: Int, _ unit: Unit) {
      self.kind = kind
      self.limit = limit
      self.count = count
      self.unit = unit
    }
  }

  package var spotLimits: [RateLimit]
  package var usdmLimits: [RateLimit]
  /// Lists of orders that the server watches over.
  package var hasOCO = false
  package var hasOTO = false
  package var hasOPO = false
  package var hasCancelReplace = false
  package var hasAmend = false
  /// A market order that names what it spends.
  package var hasQuoteQuantity = false

  /// What the exchange enforces with nothing around it.
  package init(_ options: ExchangeOptions) {
    let orders: [RateLimit] = [
      RateLimit(.orders, Int(options.ordersPerTenSeconds), per: 10, .second),
      RateLimit(.orders, Int(options.ordersPerDay), per: 1, .day),
    ]
    spotLimits = orders
    usdmLimits = orders
  }

  func limits(_ product: VenueProduct) -> [RateLimit] { product == .spot ? spotLimits : usdmLimits }
}
