package import OMSLib

/// One thing that a served exchange does wrong on its wires, as data: with which traffic, what, and how often.
package struct VenueTrouble: Sendable {
  /// Which traffic.
  package enum Target: Equatable, Sendable {
    /// Requests whose method and path contain the text, as in `POST /api/v3/order`, and calls of the WebSocket API whose
    /// method does, as in `order.place`.
    case call(String)
    /// Requests and calls of such a kind.
    case requests(RequestClass)
    /// Messages that nobody asked for, with all of these in them.
    case news([String])
  }

  package enum Act: Equatable, Sendable {
    /// It never happened: a request is not carried out and has no answer, news are not told.
    case lose
    /// The request is not carried out, and this is the answer.
    case refuse(VenueError)
    /// It is carried out, and the answer is lost.
    case loseAnswer
    /// It is carried out, and this stands in place of the answer; in place of news it is the whole message.
    case answer(status: Int, body: String)
    /// It is carried out, and this page stands in place of the answer, on a WebSocket what is on it.
    case page(HTTPResponse)
    /// It is not carried out, and this page is the answer.
    case turnAway(HTTPResponse)
    /// It is carried out, and half of the answer comes.
    case half
    /// It is carried out, and the connection is reset in place of the answer.
    case breakOff
    /// Answer or news come so much later; what follows overtakes them.
    case delay(nanoseconds: Int64)
    /// Answer or news come again, so much later.
    case repeated(nanoseconds: Int64)
  }

  package var target: Target
  package var act: Act
  /// `nil`: both faces.
  package var product: VenueProduct?
  /// So many pass first.
  package var skip = 0
  package var count = 1

  package init(_ target: Target, _ act: Act, product: VenueProduct? = nil, skip: Int = 0, count: Int = 1) {
    self.target = target
    self.act = act
    self.product = product
    self.skip = skip
    self.count = count
  }

  /// Whether this one is met: it is counted then.
  mutating func strikes() -> Bool {
    guard count > 0 else { return false }
    guard skip == 0 else {
      skip -= 1
      return false
    }
    count -= 1
    return true
  }
}
