/// Who wants to trade through a ring, and with what.
package struct GrantRequest: Sendable {
  package enum ModeWord: String, CaseIterable, Sendable {
    case paper
    case live
  }

  package static let rateDefault: Int64 = 1_000
  package static let rateMax: Int64 = 1_000_000

  package var role: String
  package var account: String?
  package var mode: ModeWord
  /// New orders and changes a second.
  package var rate: Int64
  package var consent: Consent

  init(from members: inout RequestMembers) throws(RequestError) {
    guard let role = try members.text("role") else { throw .usage("member", "member 'role' is missing") }
    guard OrderIDText.isRole(role.utf8) else {
      throw .usage(
        "value", "role '\(role.prefix(64))' must be 1 to \(Limits.roleNameBytes) of A-Z a-z 0-9 . _ : -")
    }
    self.role = role
    account = try members.text("account")
    mode = try members.choice("mode", ModeWord.self) ?? .paper
    rate = try members.integer("rate") ?? Self.rateDefault
    guard rate >= 1, rate <= Self.rateMax else {
      throw .usage("value", "rate is \(rate); it can be 1 to \(Self.rateMax) a second")
    }
    consent = try Consent(from: &members)
  }
}
