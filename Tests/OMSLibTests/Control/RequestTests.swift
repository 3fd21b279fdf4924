import OMSLib
import Testing

@Suite("Control requests")
struct RequestTests {
  private func decode(_ line: String) -> Result<Request, RequestError> {
    Result { () throws(RequestError) in try Request(line: Array(line.utf8)) }
  }

  private func code(_ line: String) -> String {
    switch decode(line) {
    case .success: "accepted"
    case .failure(let error): "\(error.code) \(error.exit)"
    }
  }

  @Test("An order keeps the source text of its decimals and its tags in order")
  func order() throws {
    let line =
      #"{"req":7,"op":"order","side":"buy","symbol":"BTC-USDT","qty":0.10,"limit":"64000.00","#
      + #""flags":["post_only"],"reduce_only":true,"tags":{"b":"2","a":"1"},"id":"x-1","timeout":"3s"}"#
    let request = try Request(line: Array(line.utf8))
    guard case .order(let order) = request.operation else {
      Issue.record("not an order")
      return
    }
    #expect(request.number == 7)
    #expect(order.quantity == "0.10")
    #expect(order.limit == "64000.00")
    #expect(order.flags == [.postOnly, .reduceOnly])
    #expect(order.tags == [.init(name: "b", value: "2"), .init(name: "a", value: "1")])
    #expect(order.timeout == 3_000_000_000)
    #expect(order.wait == .ack)
    #expect(!request.isRead)
  }

  @Test(
    "A request that is not exactly right is refused by name",
    arguments: [
      (#"{"req":1,"op":"status"}"#, "accepted"),
      (#"{"req":1,"op":"status","colour":"red"}"#, "usage.member 2"),
      (#"{"req":1,"op":"fly"}"#, "usage.op 2"),
      (#"{"op":"status"}"#, "usage.member 2"),
      (#"{"req":1,"req":2,"op":"status"}"#, "usage.json 2"),
      (#"{"req":1,"op":"status"} x"#, "usage.json 2"),
      (#"{"req":1,"op":"status","latency":1}"#, "usage.type 2"),
      (#"{"req":-1,"op":"status"}"#, "usage.type 2"),
      (#"{"req":1,"op":"order","side":"buy","qty":1e3,"market":true}"#, "usage.decimal 2"),
      (#"{"req":1,"op":"order","side":"buy","qty":"1"}"#, "usage.kind 2"),
      (#"{"req":1,"op":"order","side":"buy","qty":"1","market":true,"limit":"1"}"#, "usage.kind 2"),
      (#"{"req":1,"op":"order","side":"buy","qty":"1","quote":"1","market":true}"#, "usage.quantity 2"),
      (#"{"req":1,"op":"order","side":"up","qty":"1","market":true}"#, "usage.value 2"),
      (#"{"req":1,"op":"order","side":"buy","qty":"1","market":true,"id":"e12.7"}"#, "usage.id 2"),
      (#"{"req":1,"op":"order","side":"buy","qty":"1","market":true,"id":"a b"}"#, "usage.id 2"),
      (#"{"req":1,"op":"order","side":"buy","qty":"1","market":true,"id":"a\u001bb"}"#, "usage.json 2"),
      (#"{"req":1,"op":"cancel_all"}"#, "usage.scope 2"),
      (#"{"req":1,"op":"cancel","ids":[[1]]}"#, "usage.json 2"),
      (#"{"req":1,"op":"wait"}"#, "usage.value 2"),
      (#"{"req":1,"op":"events","after":1,"last":2}"#, "usage.value 2"),
      (#"{"req":1,"op":"reconcile","timeout":"5"}"#, "usage.duration 2"),
      ("", "usage.json 2"),
      ("[]", "usage.json 2"),
      (#"{"req":1,"op":"status""#, "usage.json 2"),
    ])
  func refusals(line: String, expected: String) {
    #expect(code(line) == expected)
  }

  @Test("Broken UTF-8, lone surrogates and raw control bytes never get in")
  func hostileText() {
    let prefix = Array(#"{"req":1,"op":"wait","ids":[""#.utf8)
    let suffix = Array(#""]}"#.utf8)
    let bodies: [[UInt8]] = [[0xC3], [0xFF], [0x0A], [0x00], Array(#"\ud800"#.utf8), Array(#"\n"#.utf8)]
    for body in bodies {
      let error = #expect(throws: RequestError.self) { try Request(line: prefix + body + suffix) }
      #expect(error?.code == "usage.json")
    }
  }

  @Test("The number of a broken line is found where the JSON allows it")
  func numberOfBroken() {
    #expect(Request.number(ofBroken: Array(#"{"req":42,"op":"fly"}"#.utf8)) == 42)
    #expect(Request.number(ofBroken: Array(#"{"req":42,"op":"wait","ids":["a\u007f"]}"#.utf8)) == 42)
    #expect(Request.number(ofBroken: Array(#"{"req":-42}"#.utf8)) == 0)
    #expect(Request.number(ofBroken: Array("garbage".utf8)) == 0)
  }

  @Test("Random edits of good lines are decoded or refused, never trapped", arguments: [1, 2, 3] as [UInt64])
  func mutations(seed: UInt64) {
    let good = [
      #"{"req":7,"op":"order","side":"buy","symbol":"BTC-USDT","qty":"0.1","market":true,"tags":{"a":"1"}}"#,
      #"{"req":1,"op":"events","type":["fill","order"],"after":12,"follow":true,"idle":"10s"}"#,
      #"{"req":3,"op":"sim","verb":"fault","drop_ack":1,"set":{"USDT":"1000"}}"#,
    ]
    var random = SplitMix64(seed: seed)
    var accepted = 0
    for round in 0..<3_000 {
      var bytes = Array(good[round % good.count].utf8)
      for _ in 0..<random.below(4) {
        let at = Int(random.below(UInt64(bytes.count)))
        switch random.below(3) {
        case 0: bytes[at] = UInt8(random.below(256))
        case 1: bytes.remove(at: at)
        default: bytes.insert(bytes[Int(random.below(UInt64(bytes.count)))], at: at)
        }
      }
      if (try? Request(line: bytes)) != nil { accepted += 1 }
    }
    #expect(accepted > 0)
  }
}
