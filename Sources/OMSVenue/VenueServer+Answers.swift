import OMSLib

extension VenueServer where Recorder: ~Copyable {
  /// Answers a caller, once. A connection that is gone hears nothing.
  mutating func answer(
    _ caller: Caller, _ result: Result<[UInt8], VenueError>, at time: ServerTime, data: [UInt8]? = nil
  ) {
    switch result {
    case .success:
      if caller.isFreeOnSuccess { rates.giveBack(caller.weight, to: caller.place, at: time.utc) }
    case .failure(let error):
      // A request that partly succeeded has placed what it counted.
      if !caller.counted.isEmpty, error.status != 409 {
        rates.count(caller.counted.map { -$0 }, of: caller.owner, at: time.utc)
      }
    }
    guard links[caller.link] != nil else { return }
    var (caller, result) = (caller, result)
    if let operation = caller.operation, isKept(&caller, operation, &result, data, at: time) { return }
    speak(to: caller, result, at: time, data: data)
  }

  mutating func speak(
    to caller: Caller, _ result: Result<[UInt8], VenueError>, at time: ServerTime, data: [UInt8]? = nil
  ) {
    switch caller.form {
    case .rest(let ticket):
      give(response(to: caller, result, at: time, data: data), ticket, caller.link)
    case .socket(let id): put(.message(caller.link, message(to: caller, id, result, at: time, data: data)))
    }
  }

  // MARK: - REST

  private func response(
    to caller: Caller, _ result: Result<[UInt8], VenueError>, at time: ServerTime, data: [UInt8]?
  ) -> HTTPResponse {
    var fields = [HTTPField(name: "content-type", value: "application/json;charset=UTF-8")]
    let weight = rates.weight(of: caller.place, at: time.utc)
    if caller.product == .spot { fields.append(HTTPField(name: "x-mbx-used-weight", value: "\(weight)")) }
    fields.append(HTTPField(name: "x-mbx-used-weight-1m", value: "\(weight)"))
    if caller.countsOrders {
      let counts = rates.orderCounts(of: caller.owner, at: time.utc)
      for (rule, count) in zip(rates.orderRules(caller.product), counts) {
        fields.append(HTTPField(name: "x-mbx-order-count-\(rule.letters.lowercased())", value: "\(count)"))
      }
    }
    switch result {
    case .success(let body): return HTTPResponse(status: 200, fields: fields, body: body)
    case .failure(let error):
      if let retryAfter = error.until {
        let seconds = (retryAfter.nanoseconds - time.utc.nanoseconds + 999_999_999) / 1_000_000_000
        fields.append(HTTPField(name: "retry-after", value: "\(max(seconds, 1))"))
      }
      let body = object { writer in
        writer.member("code", error.code)
        writer.member("msg", error.message)
        if let data { writer.member("data", raw: data) }
      }
      return HTTPResponse(status: error.status, fields: fields, body: body)
    }
  }

  /// Keeps an answer until those to earlier requests of its connection have left.
  private mutating func give(_ response: HTTPResponse, _ ticket: UInt64, _ link: VenueLink) {
    links[link]?.ready[ticket] = response
    while let state = links[link], let next = state.ready[state.nextAnswer] {
      links[link]?.ready[state.nextAnswer] = nil
      links[link]?.nextAnswer += 1
      put(.response(link, next))
    }
  }

  // MARK: - WebSocket API

  private func message(
    to caller: Caller, _ id: [UInt8], _ result: Result<[UInt8], VenueError>, at time: ServerTime, data: [UInt8]?
  ) -> [UInt8] {
    object { writer in
      writer.member("id", raw: id)
      switch result {
      case .success(let body):
        writer.member("status", 200)
        writer.member("result", raw: body)
      case .failure(let error):
        writer.member("status", error.status)
        writer.name("error")
        writer.beginObject()
        writer.member("code", error.code)
        writer.member("msg", error.message)
        if let data {
          writer.member("data", raw: data)
        } else if let retryAfter = error.until {
          writer.name("data")
          writer.beginObject()
          writer.member("serverTime", time.utc, caller.face)
          writer.member("retryAfter", retryAfter, caller.face)
          writer.endObject()
        }
        writer.endObject()
      }
      if caller.returnsRateLimits { writer.member("rateLimits", raw: rateLimits(of: caller, at: time)) }
    }
  }

  private func rateLimits(of caller: Caller, at time: ServerTime) -> [UInt8] {
    var rows = [
      Self.rateLimit(rates.weightRule(caller.product), rates.weight(of: caller.place, at: time.utc))
    ]
    if caller.countsOrders {
      let counts = rates.orderCounts(of: caller.owner, at: time.utc)
      rows = zip(rates.orderRules(caller.product), counts).map { Self.rateLimit($0, $1) } + rows
    }
    return array(rows)
  }

  static func rateLimit(_ rule: RateRule, _ count: Int) -> [UInt8] {
    object { writer in
      writer.member("rateLimitType", rule.kind.rawValue)
      writer.member("interval", rule.interval)
      writer.member("intervalNum", rule.intervalNumber)
      writer.member("limit", rule.limit)
      writer.member("count", count)
    }
  }
}
