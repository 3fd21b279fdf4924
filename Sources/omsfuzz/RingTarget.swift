import OMSLib

/// A client's memory written to in any way: what the engine takes from it is refused or is an order, never a trap; turns
/// have their bound, and a client beside it is answered.
enum RingTarget {
  /// Edits of six bytes each: what, which ring, where, with what.
  static func read(_ edits: [UInt8]) {
    var drill = RingDrill()
    let honest = RingDrill.ringCount - 1
    var at = 0
    while at + 6 <= edits.count, at < 6 * 512 {
      let ring = Int(edits[at + 1]) % honest
      let place = Int(edits[at + 2]) | Int(edits[at + 3]) << 8
      apply(edits[at], &drill, ring, place, word(edits[at + 4], edits[at + 5]))
      at += 6
    }
    drill.turn()
    drill.takeAnswers(honest)
    drill.push(drill.order(honest), ring: honest)
    drill.turn()
    precondition(drill.takeAnswers(honest) == 1, "who does nothing wrong is answered")
  }

  /// Small numbers, large ones, and those between: by the first byte.
  private static func word(_ kind: UInt8, _ value: UInt8) -> UInt64 {
    switch kind % 5 {
    case 0: UInt64(value)
    case 1: UInt64(bitPattern: -Int64(value) - 1)
    case 2: UInt64(value) << UInt64(kind >> 2)
    case 3: UInt64(value) | 1 << 63
    default: UInt64(value) &* 0x0101_0101_0101_0101
    }
  }

  private static func apply(_ kind: UInt8, _ drill: inout RingDrill, _ ring: Int, _ place: Int, _ word: UInt64) {
    let places = drill.places(ring)
    switch kind % 10 {
    case 0: drill.write(word, at: place * 7 % (RingDrill.memoryBytes / 8), ring: ring)
    case 1: drill.write(word, at: places.command + place % 16, ring: ring)
    case 2: drill.write(word, at: places.number, ring: ring)
    case 3: drill.write(word, at: places.commands + place % 48, ring: ring)
    case 4: drill.write(word, at: places.replies + place % 48, ring: ring)
    case 5: drill.push(drill.order(ring), ring: ring)
    case 6, 7:
      var words = drill.order(ring)
      words[place % 15] = word
      drill.push(words, ring: ring)
    case 8: drill.takeAnswers(ring)
    default: drill.turn()
    }
  }
}
