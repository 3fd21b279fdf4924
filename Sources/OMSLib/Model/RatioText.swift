/// `25bps`, `0.5%`: a share with its unit.
package enum RatioText {
  /// The number, and with how many decimals it counts parts per million; `nil`: there is no unit.
  package static func split(_ text: String) -> (number: String, scale: Int)? {
    if text.hasSuffix("bps") { return (String(text.dropLast(3)), 2) }
    return text.hasSuffix("%") ? (String(text.dropLast()), 4) : nil
  }
}
