// What takes several questions: what an account has, and settings of it. Accounts take turns, each with one job at a time;
// orders keep a part of the limits to themselves.

/// Requests of one account that take several questions.
struct BinanceJobLine {
  var job: BinanceAccountJob?
  /// Of the job: answers to one before it are nobody's.
  var number: UInt32 = 0
  var waiting: [VenueRequest] = []
  /// It stands in the line of those that have something to ask.
  var isQueued = false
}

/// The jobs of all accounts.
struct BinanceJobs {
  var lines: [BinanceJobLine] = Array(repeating: BinanceJobLine(), count: Limits.accountCount + 1)
  var queue = WaitingLine<AccountID>()
  /// Accounts whose next question has no room in the limits until then.
  private var parked: [AccountID] = []
  private var parkedUntil = EngineTime.never
  /// Questions without an answer, by all accounts.
  var underWay = 0

  mutating func enqueue(_ account: AccountID) {
    guard !lines[account.index].isQueued else { return }
    lines[account.index].isQueued = true
    queue.push(account)
  }

  mutating func park(_ account: AccountID, until time: EngineTime) {
    guard !lines[account.index].isQueued else { return }
    lines[account.index].isQueued = true
    parked.append(account)
    parkedUntil = min(parkedUntil, time)
  }

  mutating func unpark(at now: EngineTime) {
    guard now >= parkedUntil else { return }
    parkedUntil = .never
    for account in parked { queue.push(account) }
    parked.removeAll(keepingCapacity: true)
  }

  func nextDue(questionsMax: Int) -> EngineTime {
    !queue.isEmpty && underWay < questionsMax ? .zero : parkedUntil
  }
}

extension BinanceVenue where Network: ~Copyable {
  /// One connection stays free for orders.
  private static var questionsMax: Int { 3 }
  /// The rest of each limit is for orders.
  private static var sharePercent: Int64 { 70 }
  private static var pauseNanoseconds: Int64 { 250_000_000 }
  /// More from one account is somebody who does not listen.
  private static var waitingMax: Int { 64 }

  /// `false`: there is no room.
  func begin(_ request: VenueRequest) -> Bool {
    guard request.account.index < jobs.lines.count, faces.contains(where: { $0.seat(of: request.account) != nil })
    else {
      refuse(request, .key)
      return true
    }
    let index = request.account.index
    jobs.lines[index].waiting.removeAll { BinanceAccountJob.asksTheSame($0, request) }
    guard jobs.lines[index].waiting.count < Self.waitingMax else { return false }
    jobs.lines[index].waiting.append(request)
    jobs.enqueue(request.account)
    return true
  }

  func turnJobs(now: EngineTime, utc: UTCTime) {
    jobs.unpark(at: now)
    var left = jobs.queue.count
    while left > 0, jobs.underWay < Self.questionsMax, let account = jobs.queue.pop() {
      left -= 1
      jobs.lines[account.index].isQueued = false
      if step(account, now: now, utc: utc) { jobs.enqueue(account) }
    }
  }

  var nextJobDue: EngineTime { jobs.nextDue(questionsMax: Self.questionsMax) }

  private func hasRoom(_ face: BinanceFace, at utc: UTCTime) -> Bool {
    let time = face.time(at: utc)
    return face.knowsTime && time >= face.weight.closedUntil
      && face.weight.usedPercent(at: time) < Self.sharePercent
  }

  /// One question of the account's job. Whether it has more to ask now.
  private func step(_ account: AccountID, now: EngineTime, utc: UTCTime) -> Bool {
    let index = account.index
    if jobs.lines[index].job == nil {
      guard !jobs.lines[index].waiting.isEmpty else { return false }
      let request = jobs.lines[index].waiting.removeFirst()
      jobs.lines[index].number &+= 1
      jobs.lines[index].job = job(request, utc: utc)
      guard jobs.lines[index].job != nil else { return true }
    }
    let step = jobs.lines[index].job?.next(now: now, into: &call) { tell($0) }
    switch step {
    case .ask(let product, let token, let weight):
      return ask(account, product, token, weight: weight, now: now, utc: utc)
    case .waiting: return false
    case .done, .failed, nil:
      jobs.lines[index].job = nil
      return !jobs.lines[index].waiting.isEmpty
    }
  }

  private func job(_ request: VenueRequest, utc: UTCTime) -> BinanceAccountJob? {
    let own = faces.filter { $0.seat(of: request.account) != nil }
    let symbols = Dictionary(uniqueKeysWithValues: own.map { ($0.product, $0.instruments) })
    return BinanceAccountJob(
      request, products: own.map(\.product), symbols: symbols, assets: assets, utc: faces[0].time(at: utc))
  }

  private func ask(
    _ account: AccountID, _ product: BinanceProduct, _ token: UInt32, weight: Int64, now: EngineTime, utc: UTCTime
  ) -> Bool {
    let index = account.index
    guard let face = face(product), let apiKey = keys.apiKey(of: account, product), hasRoom(face, at: utc),
      let charge = face.weight.take(weight, isCancel: false, at: face.time(at: utc))
    else { return park(account, token, now: now) }
    var access = BinanceAccess(apiKey: apiKey, product: product)
    access.windowMicroseconds = settings.receiveWindowNanoseconds / 1_000
    let errand = BinanceErrand.job(account, number: jobs.lines[index].number, token: token, charge)
    guard
      submitCall(face, errand, account: account, access: access, isRepeatable: true, now: now, utc: utc)
    else {
      face.weight.settle(charge, isFree: true, at: face.time(at: utc))
      return park(account, token, now: now)
    }
    jobs.underWay += 1
    return true
  }

  private func park(_ account: AccountID, _ token: UInt32, now: EngineTime) -> Bool {
    jobs.lines[account.index].job?.lost(token: token)
    jobs.park(account, until: now.advanced(byNanoseconds: Self.pauseNanoseconds))
    return false
  }

  func answered(
    _ answer: BinanceAnswer, _ account: AccountID, number: UInt32, token: UInt32, _ face: BinanceFace,
    retryAfterSeconds: Int64, utc: UTCTime
  ) {
    jobs.underWay -= 1
    let index = account.index
    guard jobs.lines[index].number == number, let seat = face.seat(of: account) else { return }
    let problem = jobs.lines[index].job?.take(
      answer, token: token, face.reading(account), memory: &face.seats[seat].memory, orders: &face.orderIDs,
      retryAfterSeconds: retryAfterSeconds, utc: face.time(at: utc))
    if problem != nil { unreadable += 1 }
    jobs.enqueue(account)
  }

  func lost(_ account: AccountID, number: UInt32, token: UInt32, now: EngineTime) {
    jobs.underWay -= 1
    guard jobs.lines[account.index].number == number else { return }
    _ = park(account, token, now: now)
  }

  /// What a job says has its right ids already.
  private func tell(_ event: VenueEvent) {
    var event = event
    event.venue = settings.venue
    if event.kind == .orderReport { noteWaiting(event) }
    events.push(event)
  }
}
