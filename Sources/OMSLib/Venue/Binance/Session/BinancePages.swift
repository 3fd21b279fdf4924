/// Reads the list of one symbol, of trades or of orders, from a time on: what to ask next, by what the pages before had.
///
/// The venue lets a question reach over one window of time, shows at most so many rows, and does not say from which end
/// of the window. Nothing is left out: times overlap by one millisecond, since more rows than were shown may have the
/// time of the last one, and a page that is full and begins later than asked is asked for what lies before it.
struct BinancePages: Equatable, Sendable {
  enum Page: Equatable, Sendable {
    /// The newest rows there are, whatever their time.
    case newest
    /// Both ends belong to it; milliseconds since 1970.
    case window(from: Int64, to: Int64)
    /// From this number of the venue on, whatever their time.
    case behind(UInt64)
  }

  /// A row: its number and its time in milliseconds.
  struct Mark: Equatable, Sendable {
    var number: UInt64
    var time: Int64
  }

  /// Rows of a page, the most that the venue shows.
  static let rowMax: Int64 = 1_000

  private let from: Int64
  private let window: Int64
  /// What is to be read yet; the last one is next.
  private var pages: [Page] = []
  /// Where the window behind all of these begins, and the last one that is asked for.
  private var ahead: Int64
  private var until: Int64

  /// Rows from `from` on. `until`: now, by the venue's clock; what happens while pages are read is in the last one.
  /// `seesNewest`: where windows are short, the newest page is looked at first: it usually reaches back far enough.
  init(from: Int64, until: Int64, window: Int64, seesNewest: Bool) {
    precondition(window > 0, "a window has a length")
    self.from = from
    self.window = window
    self.until = until
    ahead = from
    if seesNewest, until - from >= window { pages = [.newest] } else { open() }
  }

  /// `nil`: all was read.
  var next: Page? { pages.last }

  private mutating func open() {
    guard pages.isEmpty, ahead <= until else { return }
    pages = [.window(from: ahead, to: ahead + window - 1)]
    ahead += window
  }

  /// Takes the page that was asked for: how many rows it had, the first and the last of them by number. `false`: it does
  /// not lead any further, so the venue contradicts itself.
  mutating func take(count: Int64, first: Mark?, last: Mark?) -> Bool {
    guard let page = pages.popLast() else { return false }
    defer { open() }
    guard count >= Self.rowMax, let first, let last else {
      if case .window = page { return true }
      // There is nothing behind it.
      ahead = .max
      return true
    }
    switch page {
    case .newest:
      // What lies between is read by windows.
      if first.time < from { ahead = .max } else { until = min(until, first.time) }
    case .window(let start, let end):
      pages.append(last.time > start ? .window(from: last.time, to: end) : .behind(last.number))
      if first.time > start { pages.append(.window(from: start, to: min(first.time, end - 1))) }
    case .behind(let number):
      guard last.number > number else { return false }
      pages.append(.behind(last.number))
    }
    return true
  }
}
