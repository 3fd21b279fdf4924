/// Bodies of what comes through granted rings. A role is who sends; its sequence rises with each command that is recorded,
/// so that a command is taken once, however often it is sent. Role and sequence together name an order: `ROLE/SEQUENCE`.

/// Somebody attaches under this name: its number, made at first sight, and the last sequence taken are in the answer.
package struct OpenRoleInput: Sendable, BitwiseCopyable {
  package var name = Text32()
  package var token: UInt64 = 0
  package init() {}
}

/// Who sends, and which of its commands this is.
package struct RoleStamp: Sendable, BitwiseCopyable {
  /// Room above it for whoever has to go on behind sequences that nobody knows any more.
  package static let sequenceMax: UInt64 = 1 << 62

  package var sequence: UInt64 = 0
  package var role = RoleID.none
  package var reserved: UInt16 = 0
  package var reserved2: UInt32 = 0
  package init(_ role: RoleID, _ sequence: UInt64) {
    self.role = role
    self.sequence = sequence
  }
}

/// `order` has no id, token or mark of the index: they follow from the stamp.
package struct RoleOrderInput: Sendable, BitwiseCopyable {
  package var order = NewOrderInput()
  package var stamp: RoleStamp
  package init(_ stamp: RoleStamp) { self.stamp = stamp }
}

package struct RoleCancelInput: Sendable, BitwiseCopyable {
  package var stamp: RoleStamp
  /// The sequence of the order.
  package var target: UInt64 = 0
  package init(_ stamp: RoleStamp) { self.stamp = stamp }
}

/// `amend` has no id or token.
package struct RoleAmendInput: Sendable, BitwiseCopyable {
  package var amend = AmendOrderInput()
  package var stamp: RoleStamp
  /// The sequence of the order.
  package var target: UInt64 = 0
  package init(_ stamp: RoleStamp) { self.stamp = stamp }
}
