/// What replies show: orders, fills and names, as the journal tells them. A projection; it never looks at the core.
///
/// Owner: the control thread. Holds every open order and the newest finished ones, the newest fills and the newest
/// exported lines; what is older is in the JSONL files.
final class JournalView {
  struct Order {
    var image: OrderImage
    var seq: UInt64
    var lsn: UInt64
    var utc: UTCTime
    /// Counts changes of this order, so that whoever waits sees each.
    var version: UInt64
  }

  struct Fill {
    var image: FillImage
    var seq: UInt64
    var lsn: UInt64
    var utc: UTCTime
  }

  /// One exported event, with what filters look at.
  struct Line {
    var seq: UInt64
    var lsn: UInt64
    var utc: UTCTime
    var type: RecordType
    var account: AccountID
    var instrument: InstrumentID
    var strategy: StrategyID
    var id: Text64
    var noticeKindRaw: UInt16
    var levelRaw: UInt8
    var body: [UInt8]
  }

  /// More than the core's table: whatever is in there can be shown.
  static let orderCount = Limits.orderCount * 5 / 4
  static let fillCount = 1 << 18
  static let lineCount = 1 << 14

  private(set) var names = NameDirectory()
  private(set) var lastSeq: UInt64 = 0
  private(set) var lastLsn: UInt64 = 0
  private(set) var version: UInt64 = 0
  private(set) var openOrderCount = 0
  private(set) var unknownOrderCount = 0
  private(set) var trading: [Scope: (state: TradingState, reason: String)] = [:]
  private var orders: [UInt64: Order] = [:]
  private var numbers: [Text64: UInt64] = [:]
  /// By age; the first `dead` entries are gone.
  private var ages: [UInt64] = []
  private var dead = 0
  private(set) var fills: [Fill] = []
  private(set) var lines: [Line] = []
  /// The newest differences that comparing with venues has found.
  private(set) var drifts: [(seq: UInt64, image: NoticeImage)] = []

  /// Finds an order that is older than what memory holds.
  var older: (Text64) -> Order? = { _ in nil }
  private let orderCount: Int

  init(orderCount: Int = JournalView.orderCount) { self.orderCount = orderCount }

  // MARK: Feeding

  func apply(_ record: JournalRecord) {
    guard let type = record.header.type else { return }
    lastLsn = record.lsn
    version += 1
    unsafe names.apply(type, record.body)
    guard type.isEvent else { return }
    let header = record.header
    switch type {
    case .order:
      guard let image = unsafe NameDirectory.load(OrderImage.self, record.body) else { return }
      note(image, header)
    case .fill:
      guard let image = unsafe NameDirectory.load(FillImage.self, record.body) else { return }
      fills.append(Fill(image: image, seq: header.seq, lsn: header.lsn, utc: header.utc))
      if fills.count > Self.fillCount * 5 / 4 { fills.removeFirst(fills.count - Self.fillCount) }
    case .notice:
      guard let image = unsafe NameDirectory.load(NoticeImage.self, record.body) else { return }
      note(image)
      if NoticeKind(rawValue: image.kindRaw) == .drift { keepDrift(header.seq, image) }
    default: break
    }
    if header.seq > 0 {
      lastSeq = header.seq
      keepLine(type, record)
    }
  }

  // MARK: From a snapshot

  /// Names, orders and trading states as `core` has them behind `end`: what is older than any record kept is in there.
  func begin(from core: borrowing Core, behind end: JournalEnd) {
    precondition(orders.isEmpty && lastLsn == 0, "a view begins once")
    CoreNames.tell(core, to: &names)
    let global = core.state.global
    var images = (0..<Int(global.orderHighWater)).map { core.state.orders[$0].image }
    images.removeAll { $0.orderNumber == 0 }
    images.sort { ($0.created, $0.orderNumber) < ($1.created, $1.orderNumber) }
    var header = RecordHeader()
    header.lsn = end.lsn
    for image in images {
      header.utc = image.updated
      header.seq = Self.seq(endingIn: image.seqLow, upTo: end.seq)
      note(image, header)
    }
    func keep(_ scope: Scope, _ raw: UInt8) {
      if let state = TradingState(rawValue: raw), state != .on { trading[scope] = (state, "") }
    }
    keep(Scope(), global.tradingRaw)
    for index in 1..<Int(global.accountCount) + 1 {
      keep(Scope(account: AccountID(number: UInt16(index))), core.state.accounts[index].tradingRaw)
    }
    for index in 1..<Int(global.instrumentCount) + 1 {
      keep(Scope(instrument: InstrumentID(number: UInt16(index))), core.state.instruments[index].tradingRaw)
    }
    for index in 1..<Int(global.strategyCount) + 1 {
      keep(Scope(strategy: StrategyID(number: UInt16(index))), core.state.strategies[index].tradingRaw)
    }
    for index in 1..<Int(global.venueCount) + 1 {
      keep(Scope(venue: VenueID(number: UInt16(index))), core.state.venues[index].tradingRaw)
    }
    resume(behind: end)
  }

  /// The newest number up to `last` with these low bits; 0 when there is none.
  static func seq(endingIn low: UInt32, upTo last: UInt64) -> UInt64 {
    let high = last & ~UInt64(UInt32.max)
    let seq = high | UInt64(low)
    if seq <= last { return seq }
    return high == 0 ? 0 : seq - (1 << 32)
  }

  /// The next record is the one behind `end`.
  func resume(behind end: JournalEnd) {
    lastSeq = end.seq
    lastLsn = end.lsn
  }

  /// Lines must be without gaps up to the last.
  func forgetLines() { lines.removeAll() }

  private func note(_ image: OrderImage, _ header: RecordHeader) {
    let status = OrderStatus(rawValue: image.statusRaw) ?? .unknown
    let old = orders[image.orderNumber].flatMap { OrderStatus(rawValue: $0.image.statusRaw) }
    openOrderCount += (status.isDone ? 0 : 1) - (old.map { $0.isDone ? 0 : 1 } ?? 0)
    unknownOrderCount += (status == .unknown ? 1 : 0) - (old == .unknown ? 1 : 0)
    if old == nil {
      ages.append(image.orderNumber)
      numbers[image.id] = image.orderNumber
    }
    orders[image.orderNumber] = Order(
      image: image, seq: header.seq, lsn: header.lsn, utc: header.utc, version: version)
    evict()
  }

  private func note(_ image: NoticeImage) {
    guard NoticeKind(rawValue: image.kindRaw) == .tradingState else { return }
    let scope = Scope(
      account: image.account, instrument: image.instrument, strategy: image.strategy, venue: image.venue)
    let state = UInt8(exactly: image.a).flatMap(TradingState.init(rawValue:)) ?? .halted
    trading[scope] = state == .on ? nil : (state, image.text.description)
  }

  private func keepDrift(_ seq: UInt64, _ image: NoticeImage) {
    if drifts.count >= 1_024 { drifts.removeFirst(512) }
    drifts.append((seq, image))
  }

  private func keepLine(_ type: RecordType, _ record: JournalRecord) {
    let header = record.header
    var line = Line(
      seq: header.seq, lsn: header.lsn, utc: header.utc, type: type, account: .none, instrument: .none,
      strategy: .none, id: Text64(), noticeKindRaw: 0, levelRaw: 0, body: unsafe Array(record.body))
    unsafe LineFacts.read(type, record.body, into: &line)
    lines.append(line)
    if lines.count > Self.lineCount * 5 / 4 { lines.removeFirst(lines.count - Self.lineCount) }
  }

  /// The line as the stream and the log print it.
  func object(_ line: Line) -> [UInt8] {
    var json = JSONWriter()
    let isEvent = unsafe line.body.withUnsafeBytes {
      unsafe EventJSON(names: names).write(type: line.type, body: $0, seq: line.seq, utc: line.utc, to: &json)
    }
    precondition(isEvent, "only exported events are kept as lines")
    return json.bytes
  }

  /// Forgets the oldest finished orders beyond the bound.
  private func evict() {
    guard orders.count > orderCount else { return }
    var index = dead
    while orders.count > orderCount, index < ages.count {
      let number = ages[index]
      if let order = orders[number], OrderStatus(rawValue: order.image.statusRaw)?.isDone == true {
        orders[number] = nil
        numbers[order.image.id] = nil
      }
      index += 1
      if index == dead + 1, orders[number] == nil { dead = index }
    }
    if dead > 1 << 16 {
      ages.removeFirst(dead)
      dead = 0
    }
  }

  // MARK: Reading

  func order(_ number: UInt64) -> Order? { orders[number] }

  /// However old it is.
  func order(named id: String) -> Order? {
    if let recent = recentOrder(named: id) { return recent }
    return Text64(id).flatMap { older($0) }
  }

  /// One that memory holds.
  func recentOrder(named id: String) -> Order? {
    guard let text = Text64(id), let number = numbers[text] else { return nil }
    return orders[number]
  }

  /// Oldest first.
  var allOrders: [Order] { ages[dead...].compactMap { orders[$0] } }

  /// Lines above `seq`, in order; `nil` when the oldest of them is not in memory any more.
  func lines(after seq: UInt64) -> ArraySlice<Line>? {
    guard let first = lines.first else { return seq >= lastSeq ? [] : nil }
    guard seq + 1 >= first.seq else { return nil }
    let skip = Int(clamping: seq + 1 - first.seq)
    return skip >= lines.count ? [] : lines[skip...]
  }

  /// The strictest state over everything, and why.
  var effectiveTrading: (state: TradingState, reason: String) { trading[Scope()] ?? (.on, "") }

  /// `seq` is shown once its record is durable.
  func object(_ order: Order, durableLsn: UInt64, replayed: Bool = false) -> [UInt8] {
    var json = JSONWriter()
    EventJSON(names: names).order(
      order.image, seq: order.lsn <= durableLsn ? order.seq : 0, utc: order.utc, replayed: replayed, to: &json)
    return json.bytes
  }

  func object(_ fill: Fill, durableLsn: UInt64) -> [UInt8] {
    var json = JSONWriter()
    EventJSON(names: names).fill(
      fill.image, seq: fill.lsn <= durableLsn ? fill.seq : 0, utc: fill.utc, to: &json)
    return json.bytes
  }
}

enum LineFacts {
  static func read(_ type: RecordType, _ body: UnsafeRawBufferPointer, into line: inout JournalView.Line) {
    switch type {
    case .order:
      guard let image = unsafe NameDirectory.load(OrderImage.self, body) else { return }
      line.account = image.account
      line.instrument = image.instrument
      line.strategy = image.strategy
      line.id = image.id
    case .fill:
      guard let image = unsafe NameDirectory.load(FillImage.self, body) else { return }
      line.account = image.account
      line.instrument = image.instrument
      line.strategy = image.strategy
      line.id = image.id
    case .notice:
      guard let image = unsafe NameDirectory.load(NoticeImage.self, body) else { return }
      line.account = image.account
      line.instrument = image.instrument
      line.strategy = image.strategy
      line.noticeKindRaw = image.kindRaw
      line.levelRaw = image.levelRaw
    default: break
    }
  }
}
