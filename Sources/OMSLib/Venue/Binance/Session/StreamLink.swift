/// What a stream of one instrument tells.
enum MarketStreamKind: UInt8, Sendable {
  case ticker
  case trades
  case mark
  case depth

  var suffix: StaticString {
    switch self {
    case .ticker: "@bookTicker"
    case .trades: "@aggTrade"
    case .mark: "@markPrice@1s"
    case .depth: "@depth@100ms"
    }
  }
}

/// One stream, and whether it is wanted now.
struct MarketStream: Sendable {
  let native: Text32
  let kind: MarketStreamKind
  var isWanted = true

  /// `btcusdt@bookTicker`
  func write(into frame: inout ByteBuffer) {
    frame.append(UInt8(ascii: "\""))
    unsafe native.withUTF8 { bytes in
      for index in 0..<bytes.count {
        let byte = unsafe bytes[index]
        frame.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
      }
    }
    frame.append(literal: kind.suffix)
    frame.append(UInt8(ascii: "\""))
  }
}

/// One open link to market streams: which it carries, what was asked for, and when it may be asked again.
///
/// A pure state machine: the streams of its line are handed in, and only ever grow in number.
struct StreamLink: Sendable {
  private enum Place: UInt8 {
    case out
    /// It was refused together with others.
    case suspect
    case entering
    case carried
    case leaving
    /// The venue will not have it.
    case refused
  }

  private struct State {
    var place = Place.out
    /// The request that is under way about it.
    var request: Int64 = 0
  }

  private struct Request {
    var number: Int64
    var sentAt: EngineTime
    var count: Int
    var isSuspect: Bool
  }

  let number: UInt32
  let line: BinanceMarket.Line
  private let spacing: Int64
  private var states: [State] = []
  private var requests: [Request] = []
  private var taken = 0
  /// Of those that were refused together: names in one message, until the one is found that the venue will not have.
  private var suspects = Self.chunkMax
  private var sendsAt: EngineTime
  /// Something may have to be asked for.
  private var isDirty = true
  /// Everything that was wanted is carried, or once was.
  private(set) var isReady = false
  private var hasFailed = false

  /// As many as the venue has on one connection.
  static let streamMax = 1_024
  /// Names in one message.
  private static let chunkMax = 150
  /// No answer for so long: it will not come.
  private static let patience: Int64 = 5_000_000_000

  /// A venue takes five messages a second on spot and ten on futures, pings and pongs among them: at most three and
  /// seven are ours.
  init(_ number: UInt32, _ line: BinanceMarket.Line, _ product: BinanceProduct, now: EngineTime) {
    self.number = number
    self.line = line
    spacing = product == .spot ? 350_000_000 : 150_000_000
    sendsAt = now
  }

  func carries(_ stream: Int) -> Bool { stream < states.count && states[stream].place == .carried }

  /// The wishes have changed.
  mutating func wake() { isDirty = true }

  /// When something must be done: the next message, or an answer that is overdue.
  var nextDue: EngineTime {
    if hasFailed { return .never }
    let overdue = requests.first?.sentAt.advanced(byNanoseconds: Self.patience) ?? .never
    return isDirty ? min(sendsAt, overdue) : overdue
  }

  func isOverdue(at now: EngineTime) -> Bool {
    requests.first.map { now >= $0.sentAt.advanced(byNanoseconds: Self.patience) } ?? false
  }

  /// It is to be given up. `false`: that was said before.
  mutating func fail() -> Bool {
    defer { hasFailed = true }
    return !hasFailed
  }

  /// Streams that are wanted and for which the connection has no room.
  func shutOut(_ streams: [MarketStream]) -> Int {
    taken < Self.streamMax ? 0 : states.indices.count { streams[$0].isWanted && states[$0].place == .out }
  }

  // MARK: Asking

  /// The next message, if there is one to send now. What is not wanted leaves first: it makes room.
  mutating func nextFrame(
    _ streams: [MarketStream], number: inout Int64, now: EngineTime, into frame: inout ByteBuffer
  ) -> Bool {
    guard isDirty, now >= sendsAt else { return false }
    judge(streams)
    // Trades are the first to be left out.
    isDirty =
      ask(false, streams, &number, now, &frame) { !streams[$0].isWanted && $1 == .carried }
      || ask(true, streams, &number, now, &frame) { streams[$0].kind != .trades && $1 == .out }
      || ask(true, streams, &number, now, &frame) { $1 == .out }
      || ask(true, isSuspect: true, streams, &number, now, &frame) { $1 == .suspect }
    if isDirty { sendsAt = now.advanced(byNanoseconds: spacing) }
    return isDirty
  }

  private mutating func ask(
    _ enters: Bool, isSuspect: Bool = false, _ streams: [MarketStream], _ number: inout Int64, _ now: EngineTime,
    _ frame: inout ByteBuffer,
    _ isMeant: (Int, Place) -> Bool
  ) -> Bool {
    var count = 0
    for index in states.indices where isMeant(index, states[index].place) {
      guard !enters || streams[index].isWanted && taken < Self.streamMax else { continue }
      guard count < (isSuspect ? suspects : Self.chunkMax) else { break }
      if count == 0 {
        frame.removeAll()
        frame.append(
          literal: enters ? "{\"method\":\"SUBSCRIBE\",\"params\":[" : "{\"method\":\"UNSUBSCRIBE\",\"params\":[")
      } else {
        frame.append(UInt8(ascii: ","))
      }
      streams[index].write(into: &frame)
      states[index] = State(place: enters ? .entering : .leaving, request: number + 1)
      if enters { taken += 1 }
      count += 1
    }
    guard count > 0 else { return false }
    number += 1
    frame.append(literal: "],\"id\":")
    frame.append(decimal: number)
    frame.append(UInt8(ascii: "}"))
    requests.append(Request(number: number, sentAt: now, count: count, isSuspect: isSuspect))
    return true
  }

  // MARK: Answers

  /// `false`: no such request is under way. What was refused together is asked for again in halves, behind all others.
  mutating func take(answer number: Int64, isGood: Bool, _ streams: [MarketStream]) -> Bool {
    guard let place = requests.firstIndex(where: { $0.number == number }) else { return false }
    let request = requests.remove(at: place)
    for index in states.indices where states[index].request == number {
      let enters = states[index].place == .entering
      states[index].request = 0
      if isGood {
        states[index].place = enters ? .carried : .out
      } else {
        states[index].place = !enters ? .out : request.count == 1 ? .refused : .suspect
      }
      if !(enters && isGood) { taken -= 1 }
    }
    if !isGood { suspects = max(1, min(suspects, request.count / 2)) }
    if isGood, request.isSuspect { suspects = min(Self.chunkMax, suspects * 2) }
    isDirty = true
    judge(streams)
    return true
  }

  /// Looks whether all that is wanted is there; what does not fit, or was refused, is not waited for.
  mutating func judge(_ streams: [MarketStream]) {
    while states.count < streams.count { states.append(State()) }
    guard requests.allSatisfy(\.isSuspect) else { return }
    if taken >= Self.streamMax || !states.indices.contains(where: { streams[$0].isWanted && states[$0].place == .out })
    {
      isReady = true
    }
  }
}
