internal import CCore

/// One step through a YAML text.
struct YAMLEvent {
  enum Kind: UInt8 {
    case streamStart = 1
    case streamEnd = 2
    case documentStart = 3
    case documentEnd = 4
    case alias = 5
    case scalar = 6
    case sequenceStart = 7
    case sequenceEnd = 8
    case mappingStart = 9
    case mappingEnd = 10
    /// Not YAML; `text` says why. Nothing follows.
    case failure = 11
  }

  var kind: Kind
  var line: Int
  var column: Int
  /// Of a scalar: its value. Escapes of quoted scalars are resolved.
  var text: String
  var isPlain: Bool
  var hasAnchor: Bool
  var hasTag: Bool
}

/// The events of one YAML text, in order.
///
/// Owner: the reader. It keeps its own copy of the text, because libyaml reads from it until the end.
@safe struct YAMLEvents: ~Copyable {
  private let parser: OpaquePointer
  private let text: UnsafeMutableBufferPointer<UInt8>

  /// `nil` when memory is short.
  init?(_ bytes: [UInt8]) {
    // One byte more: libyaml wants an address even for nothing.
    let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + 1)
    _ = unsafe text.initialize(from: bytes + [0])
    guard let parser = unsafe cc_yaml_open(text.baseAddress, bytes.count) else {
      unsafe text.deallocate()
      return nil
    }
    unsafe self.parser = parser
    unsafe self.text = text
  }

  deinit {
    unsafe cc_yaml_close(parser)
    unsafe text.deallocate()
  }

  /// The next event; the last one again once the text has ended.
  mutating func next() -> YAMLEvent {
    var event = unsafe cc_yaml_event()
    unsafe cc_yaml_next(parser, &event)
    guard let kind = unsafe YAMLEvent.Kind(rawValue: event.kind) else {
      preconditionFailure("an event that cc_yaml.h does not name")
    }
    let bytes = unsafe UnsafeBufferPointer(start: event.text, count: event.length)
    return unsafe YAMLEvent(
      kind: kind, line: Int(event.line), column: Int(event.column), text: String(decoding: bytes, as: UTF8.self),
      isPlain: event.is_plain != 0, hasAnchor: event.has_anchor != 0, hasTag: event.has_tag != 0)
  }
}
