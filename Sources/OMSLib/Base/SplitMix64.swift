/// A small seeded generator (SplitMix64). Same seed, same numbers, on every machine.
package struct SplitMix64: RandomNumberGenerator, Sendable, BitwiseCopyable {
  package private(set) var state: UInt64

  package init(seed: UInt64) { self.state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `0..<bound`, by the multiply-shift method: the bias is below 2^-32 for the bounds used here.
  package mutating func below(_ bound: UInt64) -> UInt64 {
    precondition(bound > 0, "an empty range has no member")
    return next().multipliedFullWidth(by: bound).high
  }

  /// `true` in `parts` of `whole` draws.
  package mutating func chance(_ parts: UInt64, in whole: UInt64) -> Bool { below(whole) < parts }

  /// A generator of its own for one subsystem, so that a new draw in one does not shift the others.
  package func stream(_ label: UInt64) -> SplitMix64 {
    var mixer = SplitMix64(seed: state ^ (label &* 0xD6E8_FEB8_6659_FD93))
    return SplitMix64(seed: mixer.next())
  }
}
