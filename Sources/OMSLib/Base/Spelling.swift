/// Suggestions for mistyped words: commands, flags, keys of configuration files.
package enum Spelling {
  /// Words further away than this are another word, not a slip of the finger.
  package static let distanceMax = 2

  /// The word of `candidates` nearest to `word`, at most two edits away; of equally near ones the first.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    var best: String?
    var bestDistance = distanceMax + 1
    for candidate in candidates {
      let distance = distance(from: word, to: candidate)
      // "a" is within two edits of every short word: at least half of the letters must agree.
      guard distance < bestDistance, distance * 2 <= candidate.utf8.count else { continue }
      best = candidate
      bestDistance = distance
    }
    return best
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`, counted in bytes.
  ///
  /// Words that cannot be near by their length alone are not measured: the result is then `Int.max`.
  package static func distance(from a: String, to b: String) -> Int {
    let source = Array(a.utf8)
    let target = Array(b.utf8)
    guard abs(source.count - target.count) <= distanceMax, source.count <= 128 else { return .max }
    var beforeLast: [Int] = []
    var last = Array(0...target.count)
    for row in 0..<source.count {
      var current = [row + 1]
      for column in 0..<target.count {
        let isSame = source[row] == target[column]
        var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, source[row] == target[column - 1], source[row - 1] == target[column] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      beforeLast = last
      last = current
    }
    return last[target.count]
  }
}
