import OMSLib

/// Any bytes from a peer as frames: read or refused by name, and alike however they are cut. The first byte says which
/// end reads, and how long the pieces are.
enum WebSocketTarget {
  private struct Seen: Equatable {
    var event: WebSocketEvent
    var payload: [UInt8]
  }

  private static let limits: WebSocketLimits = {
    var limits = WebSocketLimits(messageBytes: 300)
    limits.fragmentCount = 8
    return limits
  }()

  static func read(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let role: WebSocketRole = first & 0x80 != 0 ? .server : .client
    let bytes = input.dropFirst()
    let whole = read([bytes], role)
    let pieces = read(Cuts.pieces(bytes, first & 0x7F), role)
    precondition(whole.seen == pieces.seen && whole.error == pieces.error, "the cut does not matter")
    for seen in whole.seen { check(seen) }
    converse(bytes, role, whole.error)
  }

  private static func read(
    _ pieces: [ArraySlice<UInt8>], _ role: WebSocketRole
  ) -> (seen: [Seen], error: WebSocketError?) {
    var reader = WebSocketReader(role: role, limits: limits, bufferBytes: 16)
    var seen: [Seen] = []
    do throws(WebSocketError) {
      for piece in pieces {
        reader.append(piece)
        while let event = try reader.next() { seen.append(Seen(event: event, payload: reader.payload)) }
      }
    } catch {
      precondition(WebSocketClose.isSendable(error.closeCode) && !"\(error)".isEmpty, "a refusal has a code and words")
      return (seen, error)
    }
    return (seen, nil)
  }

  private static func check(_ seen: Seen) {
    precondition(seen.payload.count <= limits.messageBytes, "a message has its bound")
    switch seen.event {
    case .text: precondition(String(validating: seen.payload, as: UTF8.self) != nil, "a text is one")
    case .binary: break
    case .ping, .pong: precondition(seen.payload.count <= 125, "a control frame is short")
    case .close(let close):
      precondition(close.code.map(WebSocketClose.isSendable) ?? true, "a close has a code that may be sent")
      precondition(close.reason.utf8.count <= 123, "and a short reason")
    }
  }

  /// What a session answers is frames that the other end can read, and it ends with a close when it has to.
  private static func converse(_ bytes: ArraySlice<UInt8>, _ role: WebSocketRole, _ error: WebSocketError?) {
    var session = WebSocketSession(role: role, limits: limits, masks: SplitMix64(seed: 1))
    var out = ByteBuffer()
    session.append(bytes)
    while let event = session.next(&out) {
      if event == .text { _ = session.echo(.text, to: &out) }
    }
    var other = WebSocketReader(role: role == .client ? .server : .client, limits: .client)
    other.append(out.bytes)
    var last: WebSocketEvent?
    while let event = try? other.next() { last = event }
    guard let error else { return }
    guard case .close(let close) = last else { preconditionFailure("who breaks the protocol is told") }
    precondition(close.code == error.closeCode, "with the code of what was wrong")
  }
}
