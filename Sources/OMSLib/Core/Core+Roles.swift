// Commands of roles: each is taken once, in the order of its role's sequence.

extension Core {
  /// Who attaches learns its number and how far its commands were taken. A name gets its number at first sight.
  mutating func openRole(_ input: OpenRoleInput, _ output: inout StepOutput) {
    let count = Int(state.globals[0].roleCount)
    let known = (1..<count + 1).first { state.roles[$0].name == input.name }
    guard let row = known ?? (count + 1 < state.capacity.roles ? count + 1 : nil), !input.name.isEmpty,
      input.name.count <= Limits.roleNameBytes
    else {
      return refuse(input.token, Verdict(reason: .capacity), &output)
    }
    if known == nil {
      state.globals[0].roleCount = UInt16(row)
      state.roles[row].name = input.name
      state.roles[row].id = RoleID(number: UInt16(row))
    }
    guard input.token != 0 else { return }
    var reply = Reply()
    reply.token = input.token
    reply.outcomeRaw = Reply.Outcome.accepted.rawValue
    reply.count = UInt32(row)
    reply.sequence = state.roles[row].lastSequence
    output.reply(reply)
  }

  mutating func roleOrder(_ input: RoleOrderInput, _ output: inout StepOutput) {
    guard let id = take(input.stamp, &output) else { return }
    var order = input.order
    order.id = id
    order.token = input.stamp.sequence
    newOrder(order, of: input.stamp.role, &output)
    output.addressReplies(to: input.stamp.role)
  }

  mutating func roleCancel(_ input: RoleCancelInput, _ output: inout StepOutput) {
    guard take(input.stamp, &output) != nil else { return }
    cancel(
      findOrder(of: input.stamp.role, input.target), .cancelledByUser, token: input.stamp.sequence, &output)
    output.addressReplies(to: input.stamp.role)
  }

  mutating func roleAmend(_ input: RoleAmendInput, _ output: inout StepOutput) {
    guard take(input.stamp, &output) != nil else { return }
    var change = input.amend
    change.token = input.stamp.sequence
    amend(findOrder(of: input.stamp.role, input.target), change, &output)
    output.addressReplies(to: input.stamp.role)
  }

  /// The order that a command of this role made; one that was found at the venue too, whose id nobody knew there.
  package func findOrder(of role: RoleID, _ sequence: UInt64) -> Int? {
    guard role.index > 0, role.index <= Int(state.globals[0].roleCount) else { return nil }
    let id = OrderIDText.ofRole(state.roles[role.index].name, sequence)
    let key = WireID.key(id)
    guard let slot = state.slot(keyed: key.high, key.low) else { return nil }
    return state.orders[slot].image.id == id || state.orders[slot].isAdopted ? slot : nil
  }

  /// Notes that the command was taken, whatever becomes of it, and answers with the id that it gives. `nil`: it was taken
  /// before, or one behind it.
  private mutating func take(_ stamp: RoleStamp, _ output: inout StepOutput) -> Text64? {
    let role = stamp.role.index
    guard role > 0, role <= Int(state.globals[0].roleCount), stamp.sequence > state.roles[role].lastSequence else {
      refuse(stamp.sequence, Verdict(reason: .sequenceRepeated), &output)
      output.addressReplies(to: stamp.role)
      return nil
    }
    state.roles[role].lastSequence = stamp.sequence
    return OrderIDText.ofRole(state.roles[role].name, stamp.sequence)
  }
}
