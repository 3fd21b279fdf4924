import OMSLib
import Testing

/// Frames for tests: what a peer could send, right or wrong.
enum Frames {
  static let key: UInt32 = 0x78_56_34_12

  /// With `role` the reader's: who reads as a server is sent masked frames.
  static func frame(
    _ first: UInt8, _ payload: [UInt8], to role: WebSocketRole, lengthBytes: Int? = nil, masked: Bool? = nil
  ) -> [UInt8] {
    let isMasked = masked ?? (role == .server)
    let wide = lengthBytes ?? (payload.count < 126 ? 0 : payload.count < 65_536 ? 2 : 8)
    let short = wide == 0 ? UInt8(payload.count) : wide == 2 ? 126 : 127
    var bytes = [first, short | (isMasked ? 0x80 : 0)]
    for index in (0..<wide).reversed() { bytes.append(UInt8(truncatingIfNeeded: payload.count >> (index * 8))) }
    guard isMasked else { return bytes + payload }
    let mask = (0..<4).map { UInt8(truncatingIfNeeded: key >> UInt32($0 * 8)) }
    return bytes + mask + payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
  }
}

@Suite struct WebSocketReaderTests {
  static let roles: [WebSocketRole] = [.client, .server]

  private static func read(
    _ pieces: [ArraySlice<UInt8>], _ role: WebSocketRole, limits: WebSocketLimits = WebSocketLimits(messageBytes: 200)
  ) -> [String] {
    var reader = WebSocketReader(role: role, limits: limits, bufferBytes: 16)
    var told: [String] = []
    do throws(WebSocketError) {
      for piece in pieces {
        reader.append(piece)
        while let event = try reader.next() {
          let payload = String(decoding: reader.payload, as: UTF8.self)
          switch event {
          case .close(let close): told.append("close \(close.code ?? 0) \(close.reason)")
          case .text, .binary, .ping, .pong: told.append("\(event) \(payload)")
          }
        }
      }
    } catch {
      told.append("\(error.closeCode) \(error)")
    }
    return told
  }

  /// First byte and content of each frame, and what is made of them.
  private static let stories: [([(UInt8, String)], [String])] = [
    ([(0x81, "")], ["text "]),
    ([(0x81, "hello"), (0x82, "bytes")], ["text hello", "binary bytes"]),
    ([(0x81, String(repeating: "a", count: 125))], ["text " + String(repeating: "a", count: 125)]),
    ([(0x81, String(repeating: "a", count: 126))], ["text " + String(repeating: "a", count: 126)]),
    ([(0x81, "주문 κόσμε \u{1F600}")], ["text 주문 κόσμε \u{1F600}"]),
    ([(0x01, "one"), (0x00, ""), (0x80, "two")], ["text onetwo"]),
    ([(0x01, "a"), (0x89, "mid"), (0x00, "b"), (0x8A, ""), (0x80, "c")], ["ping mid", "pong ", "text abc"]),
    ([(0x02, ""), (0x80, ""), (0x81, "x")], ["binary ", "text x"]),
    ([(0x01, "a"), (0x88, ""), (0x80, "b")], ["close 0 "]),
    ([(0x88, "\u{03}\u{03}")], ["1002 the close code 771 may not be sent"]),
    ([(0x88, "\u{03}")], ["1002 a close frame has one byte"]),
    ([(0x89, String(repeating: "p", count: 126))], ["1002 a control frame has more than 125 bytes"]),
    ([(0x09, "p")], ["1002 a control frame is split"]),
    ([(0x80, "x")], ["1002 a frame continues a message that was not begun"]),
    ([(0x01, "x"), (0x81, "y")], ["1002 a message begins inside another one"]),
    ([(0x83, "x")], ["1002 the opcode 3 has no meaning"]),
    ([(0x8B, "x")], ["1002 the opcode 11 has no meaning"]),
    ([(0xC1, "x")], ["1002 a reserved bit is set, and no extension was agreed"]),
    ([(0x99, "x")], ["1002 a reserved bit is set, and no extension was agreed"]),
    ([(0x82, String(repeating: "a", count: 201))], ["1009 a message is longer than allowed"]),
    (
      [(0x02, String(repeating: "a", count: 120)), (0x80, String(repeating: "a", count: 81))],
      ["1009 a message is longer than allowed"]
    ),
  ]

  @Test(arguments: roles, stories.indices) func story(_ role: WebSocketRole, _ number: Int) {
    let (frames, expected) = Self.stories[number]
    let bytes = frames.flatMap { Frames.frame($0.0, Array($0.1.utf8), to: role) }
    for pieces in Pieces.cuts(bytes) {
      let told = Self.read(pieces, role)
      guard told != expected else { continue }
      Issue.record("\(pieces.count) pieces, the first of \(pieces[0].count): \(told)")
      return
    }
  }

  /// Bytes that no text has, alone and cut into two frames, and what would have to come behind them not yet there.
  @Test(
    arguments: roles,
    [
      [0xC0], [0xC1], [0xE0, 0x80], [0xED, 0xA0], [0xF0, 0x80], [0xF4, 0x90], [0xF5], [0xFE], [0xFF], [0x80],
      [0xCE, 0x41], [0xE2, 0x82, 0x41], [0xF0, 0x9F, 0x98, 0x41],
    ] as [[UInt8]]) func badTextFailsAtItsFirstBadByte(_ role: WebSocketRole, _ bad: [UInt8])
  {
    let expected = ["1007 a text is not UTF-8"]
    // In front of it a text that is read by words.
    let text = Array(String(repeating: "{\"price\":\"1.00\"} ", count: 3).utf8) + bad
    #expect(Self.read([Frames.frame(0x81, text, to: role)[...]], role) == expected)
    // The frame is longer than what came.
    let open = Frames.frame(0x81, text + Array("more".utf8), to: role)
    #expect(Self.read([open.dropLast(4)], role) == expected)
    for cut in text.indices {
      let bytes = Frames.frame(0x01, Array(text[..<cut]), to: role) + Frames.frame(0x00, Array(text[cut...]), to: role)
      #expect(Self.read([bytes[...]], role) == expected)
    }
  }

  @Test(arguments: roles) func aTextMayNotEndInsideACharacter(role: WebSocketRole) {
    let bytes = Frames.frame(0x01, [0xE2, 0x82], to: role)
    #expect(Self.read([bytes[...]], role).isEmpty)
    #expect(Self.read([(bytes + Frames.frame(0x80, [0xAC], to: role))[...]], role) == ["text €"])
    #expect(Self.read([(bytes + Frames.frame(0x80, [], to: role))[...]], role) == ["1007 a text is not UTF-8"])
  }

  @Test(arguments: roles) func whoMayMaskMust(role: WebSocketRole) {
    let told = Self.read([Frames.frame(0x81, [0x61], to: role, masked: role == .client)[...]], role)
    #expect(told == [role == .client ? "1002 a server's frame is masked" : "1002 a client's frame is not masked"])
  }

  @Test(arguments: roles, [2, 8]) func lengthsAreAsShortAsCanBe(role: WebSocketRole, lengthBytes: Int) {
    let told = Self.read([Frames.frame(0x81, [0x61], to: role, lengthBytes: lengthBytes)[...]], role)
    #expect(told == ["1002 a length is written longer than needed"])
  }

  /// A length is refused as soon as it is known, whatever it is.
  @Test(arguments: [[0x40, 0, 0, 0, 0, 0, 0, 0], [UInt8](repeating: 0xFF, count: 8), [0, 0, 0, 0, 0, 1, 0, 0]])
  func longFramesAreRefusedByTheirHead(length: [UInt8]) {
    #expect(Self.read([([0x82, 127] + length)[...]], .client) == ["1009 a message is longer than allowed"])
  }

  @Test func fragmentsAreCounted() {
    var limits = WebSocketLimits(messageBytes: 10)
    limits.fragmentCount = 3
    let three = Frames.frame(0x02, [], to: .client) + Frames.frame(0, [], to: .client)
    #expect(Self.read([(three + Frames.frame(0x80, [], to: .client))[...]], .client, limits: limits) == ["binary "])
    let four = three + Frames.frame(0, [], to: .client) + Frames.frame(0, [], to: .client)
    #expect(Self.read([four[...]], .client, limits: limits) == ["1009 a message has more frames than allowed"])
  }

  static let codes: [(UInt16, Bool)] = [
    (0, false), (999, false), (1_000, true), (1_003, true), (1_004, false), (1_005, false), (1_006, false),
    (1_007, true), (1_014, true), (1_015, false), (1_016, false), (2_999, false), (3_000, true), (4_999, true),
    (5_000, false), (65_535, false),
  ]

  @Test(arguments: codes) func closeCodesAreThoseThatMayBeSent(code: UInt16, isGood: Bool) {
    let payload = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)] + Array("왜".utf8)
    // What comes behind a close frame is passed over.
    let bytes = Frames.frame(0x88, payload, to: .server) + Frames.frame(0x81, [0x61], to: .server)
    let told = Self.read([bytes[...]], .server)
    #expect(told == [isGood ? "close \(code) 왜" : "1002 the close code \(code) may not be sent"])
    #expect(WebSocketClose.isSendable(code) == isGood)
  }

  @Test func aReasonIsText() {
    let told = Self.read([Frames.frame(0x88, [0x03, 0xE8, 0xCE], to: .client)[...]], .client)
    #expect(told == ["1007 a text is not UTF-8"])
  }

  /// Random frames, cut at random, come out as they went in, whoever wrote them.
  @Test(arguments: 1...12) func readsWhatTheWriterWrites(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let role: WebSocketRole = seed & 1 == 0 ? .client : .server
    var out = ByteBuffer()
    var sent: [(WebSocketOpcode, [UInt8])] = []
    for _ in 0..<20 {
      let opcode: WebSocketOpcode = [.text, .binary, .ping, .pong][Int(random.below(4))]
      let count = opcode == .ping || opcode == .pong ? random.below(126) : [5, 126, 300, 70_000][Int(random.below(4))]
      let payload = (0..<Int(count)).map { _ in UInt8(random.below(0x80)) }
      // A mask as the role of the sender asks for, all zeros among them.
      let mask =
        role == .server ? UInt32(truncatingIfNeeded: random.next()) & (random.chance(1, in: 8) ? 0 : .max) : nil
      if opcode == .text, random.chance(1, in: 2) {
        let frame = WebSocketWriter.begin(mask: mask, in: &out)
        out.append(bytes: payload)
        WebSocketWriter.finish(frame, in: &out)
      } else if random.chance(1, in: 3), opcode == .text || opcode == .binary {
        let cut = Int(random.below(UInt64(payload.count)))
        WebSocketWriter.append(opcode, payload[..<cut], isFinal: false, mask: mask, to: &out)
        WebSocketWriter.append(.ping, [1], mask: mask, to: &out)
        WebSocketWriter.append(.continuation, payload[cut...], mask: mask, to: &out)
        sent.append((.ping, [1]))
      } else {
        WebSocketWriter.append(opcode, payload, mask: mask, to: &out)
      }
      sent.append((opcode, payload))
    }
    var reader = WebSocketReader(role: role, limits: WebSocketLimits(messageBytes: 100_000))
    var rest = out.bytes[...]
    var number = 0
    while !rest.isEmpty {
      let count = Int(random.below(UInt64(min(rest.count, 40_000)))) + 1
      reader.append(rest.prefix(count))
      rest = rest.dropFirst(count)
      while let event = try reader.next() {
        let (opcode, payload) = sent[number]
        let name: WebSocketEvent = [.text: .text, .binary: .binary, .ping: .ping, .pong: .pong][opcode] ?? .pong
        #expect(event == name)
        let read = reader.payload
        #expect(read == payload)
        number += 1
      }
    }
    #expect(number == sent.count)
  }
}
