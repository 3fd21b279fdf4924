/// What a frame is.
package enum WebSocketOpcode: UInt8, Sendable {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  var isControl: Bool { rawValue >= 8 }
}

/// Which end of a connection this is: clients mask what they send, servers do not.
package enum WebSocketRole: Sendable {
  case client
  case server
}

/// Bounds of what a peer may send.
package struct WebSocketLimits: Sendable {
  /// Of one message, in however many frames.
  package var messageBytes: Int
  /// Frames without content would otherwise go on for ever.
  package var fragmentCount = 16_384

  package init(messageBytes: Int) { self.messageBytes = messageBytes }

  /// What clients of an exchange send: requests, the longest of them batches of orders.
  package static let server = WebSocketLimits(messageBytes: 1 << 20)
  /// What exchanges send: the longest are pages of instruments and books, asked for on the WebSocket API.
  package static let client = WebSocketLimits(messageBytes: 32 << 20)
}

/// Why one end closes: code and words, as they are in the frame.
package struct WebSocketClose: Equatable, Sendable {
  /// `nil`: the frame says nothing.
  package var code: UInt16?
  package var reason: String

  package init(code: UInt16?, reason: String = "") {
    self.code = code
    self.reason = reason
  }

  /// Whether `code` may stand in a frame; others only exist inside programs, or are not assigned.
  package static func isSendable(_ code: UInt16) -> Bool {
    switch code {
    case 1_000...1_003, 1_007...1_014, 3_000...4_999: true
    default: false
    }
  }
}

/// Why a peer's bytes are not WebSocket. Nothing after them can be read.
package enum WebSocketError: Error, Equatable, Sendable {
  /// A bit that only an extension gives a meaning; none is ever agreed to.
  case reservedBits
  case reservedOpcode(UInt8)
  case missingMask
  case unwantedMask
  case lengthNotMinimal
  case controlTooLong
  case fragmentedControl
  case unexpectedContinuation
  case interruptedMessage
  case messageTooLong
  case tooManyFragments
  case invalidText
  case badCloseFrame
  case badCloseCode(UInt16)

  /// What the peer is told.
  package var closeCode: UInt16 {
    switch self {
    case .messageTooLong, .tooManyFragments: 1_009
    case .invalidText: 1_007
    default: 1_002
    }
  }
}

extension WebSocketError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .reservedBits: "a reserved bit is set, and no extension was agreed"
    case .reservedOpcode(let code): "the opcode \(code) has no meaning"
    case .missingMask: "a client's frame is not masked"
    case .unwantedMask: "a server's frame is masked"
    case .lengthNotMinimal: "a length is written longer than needed"
    case .controlTooLong: "a control frame has more than 125 bytes"
    case .fragmentedControl: "a control frame is split"
    case .unexpectedContinuation: "a frame continues a message that was not begun"
    case .interruptedMessage: "a message begins inside another one"
    case .messageTooLong: "a message is longer than allowed"
    case .tooManyFragments: "a message has more frames than allowed"
    case .invalidText: "a text is not UTF-8"
    case .badCloseFrame: "a close frame has one byte"
    case .badCloseCode(let code): "the close code \(code) may not be sent"
    }
  }
}

/// Masking: each byte is combined with one of four, in turn.
enum WebSocketMask {
  /// `key` has its first byte lowest; the first of `bytes` is number `position` of the payload.
  static func apply(_ key: UInt32, to bytes: UnsafeMutableBufferPointer<UInt8>, position: Int) {
    guard let base = bytes.baseAddress else { return }
    let shift = UInt32(position & 3) * 8
    let turned = shift == 0 ? key : key >> shift | key << (32 - shift)
    let word = UInt64(turned) << 32 | UInt64(turned)
    let raw = UnsafeMutableRawPointer(base)
    var at = 0
    while at + 8 <= bytes.count {
      let masked = unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      unsafe raw.storeBytes(of: masked ^ word, toByteOffset: at, as: UInt64.self)
      at += 8
    }
    while at < bytes.count {
      unsafe base[at] ^= UInt8(truncatingIfNeeded: word >> UInt64((at & 7) * 8))
      at += 1
    }
  }
}

/// Whether bytes that come in pieces are UTF-8. Fails at the first byte that cannot belong to any text.
struct UTF8Check {
  /// Bytes that the character under way still needs, and what the next of them may be: that is where overlong forms,
  /// surrogates and what is beyond U+10FFFF are refused.
  private var missing = 0
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xBF

  /// No character is under way.
  var isComplete: Bool { missing == 0 }

  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    let raw = unsafe UnsafeRawPointer(base)
    var at = 0
    while at < bytes.count {
      if missing == 0 {
        // What exchanges send has no other characters.
        while at + 16 <= bytes.count {
          let both =
            unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            | raw.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self)
          guard both & 0x8080_8080_8080_8080 == 0 else { break }
          at += 16
        }
        guard at < bytes.count else { return true }
      }
      guard unsafe add(base[at]) else { return false }
      at += 1
    }
    return true
  }

  private mutating func add(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard byte >= low, byte <= high else { return false }
      missing -= 1
      (low, high) = (0x80, 0xBF)
      return true
    }
    switch byte {
    case 0..<0x80: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0: (missing, low) = (2, 0xA0)
    case 0xED: (missing, high) = (2, 0x9F)
    case 0xE1...0xEF: missing = 2
    case 0xF0: (missing, low) = (3, 0x90)
    case 0xF1...0xF3: missing = 3
    case 0xF4: (missing, high) = (3, 0x8F)
    default: return false
    }
    return true
  }
}
