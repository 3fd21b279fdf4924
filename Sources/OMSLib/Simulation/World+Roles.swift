// Programs that trade through rings: each pushes under its role's rising sequence, learns behind every death of the engine
// how far it was taken, and pushes the rest once more.

/// What the programs of a world have pushed, and what they were told.
struct RolePrograms {
  enum Command {
    case order(NewOrderInput)
    case cancel(target: UInt64)
    case amend(target: UInt64, price: Int64)
  }

  struct Pushed {
    var sequence: UInt64
    var command: Command
  }

  struct Program {
    var name: Text32
    /// None: not attached to this run.
    var role = RoleID.none
    var isAttaching = false
    /// Everything ever pushed: a loss of records may take any of it back.
    var pushed: [Pushed] = []
    /// What lies above the last one taken and is to be pushed once more; the oldest is last.
    var again: [Pushed] = []
    /// The highest that was recorded in this run, and the highest that was answered with "accepted" in any.
    var taken: UInt64 = 0
    var acknowledged: [UInt64: UInt64] = [:]
    /// Sequences pushed although they had been taken: each must be refused.
    var repeats: [UInt64] = []
  }

  var programs = ["mm", "arb"].map { Program(name: Text32($0) ?? Text32()) }

  mutating func engineDied() {
    for index in programs.indices {
      programs[index].role = .none
      programs[index].isAttaching = false
      programs[index].again = []
      programs[index].repeats = []
    }
  }
}

extension World {
  /// One program does one thing.
  func roleCommand() {
    let index = Int(robot.below(UInt64(roles.programs.count)))
    guard !roles.programs[index].role.isNone else { return attach(index) }
    if let next = roles.programs[index].again.last {
      if push(next, index) { roles.programs[index].again.removeLast() }
    } else if robot.chance(1, in: 12), let old = roles.programs[index].pushed.drawn(by: &robot) {
      pushAgain(old, index)
    } else {
      let sequence = (roles.programs[index].pushed.last?.sequence ?? 0) + 1 + robot.below(3)
      let pushed = RolePrograms.Pushed(sequence: sequence, command: roleWish(index))
      if push(pushed, index) { roles.programs[index].pushed.append(pushed) }
    }
    run?.agent.publish()
  }

  /// The engine dies while some commands lie in the rings: pushed, and not taken.
  func leaveInRings() {
    for index in roles.programs.indices where !roles.programs[index].role.isNone && roles.programs[index].again.isEmpty
    {
      for _ in 0..<robot.below(4) {
        let sequence = (roles.programs[index].pushed.last?.sequence ?? 0) + 1
        roles.programs[index].pushed.append(RolePrograms.Pushed(sequence: sequence, command: roleWish(index)))
      }
    }
  }

  private func attach(_ index: Int) {
    guard !roles.programs[index].isAttaching else { return }
    var input = OpenRoleInput()
    input.name = roles.programs[index].name
    input.token = client.nextToken(.attach(program: index))
    roles.programs[index].isAttaching = send(.openRole, input)
    if !roles.programs[index].isAttaching { client.forget(input.token) }
  }

  /// The engine says how far it came: nothing that was acknowledged may lie above, but behind a loss of records.
  func attached(_ index: Int, _ reply: Reply) {
    guard reply.outcomeRaw == Reply.Outcome.accepted.rawValue else {
      return verdict.fail("INV-17", "role \(roles.programs[index].name) was not taken")
    }
    let last = reply.sequence
    let told = roles.programs[index].acknowledged.keys.max() ?? 0
    if told > last {
      verdict.expect(
        settings.durability != .strict && hasLostPower, "AUD-04",
        "command \(told) of \(roles.programs[index].name) was acknowledged, and the record ends with \(last)")
      roles.programs[index].acknowledged = roles.programs[index].acknowledged.filter { $0.key <= last }
    }
    let highest = roles.programs[index].pushed.last?.sequence ?? 0
    verdict.expect(last <= highest, "INV-07", "\(roles.programs[index].name) never pushed command \(last)")
    roles.programs[index].role = RoleID(number: UInt16(reply.count))
    roles.programs[index].isAttaching = false
    roles.programs[index].taken = last
    roles.programs[index].again = roles.programs[index].pushed.filter { $0.sequence > last }.reversed()
    if !roles.programs[index].again.isEmpty { probes.hit(.rolePushedAgain) }
  }

  private func roleWish(_ index: Int) -> RolePrograms.Command {
    let own = roles.programs[index].pushed
    if let old = own.suffix(20).drawn(by: &robot), robot.chance(1, in: 3) {
      if robot.chance(2, in: 3) { return .cancel(target: old.sequence) }
      let mark = max(link.tops[1].mark, 1_000)
      return .amend(target: old.sequence, price: mark + Int64(robot.below(UInt64(mark / 100))) - mark / 200)
    }
    var input = randomOrder()
    input.id = Text64()
    return .order(input)
  }

  /// `false`: no room, or no engine; nothing happened.
  private func push(_ pushed: RolePrograms.Pushed, _ index: Int) -> Bool {
    let stamp = RoleStamp(roles.programs[index].role, pushed.sequence)
    var isTaken = false
    switch pushed.command {
    case .order(let order):
      var input = RoleOrderInput(stamp)
      input.order = order
      input.order.market = link.tops[order.instrument.index]
      isTaken = send(.roleOrder, input, opensRisk: true)
    case .cancel(let target):
      var input = RoleCancelInput(stamp)
      input.target = target
      isTaken = send(.roleCancel, input)
    case .amend(let target, let price):
      var input = RoleAmendInput(stamp)
      input.target = target
      input.amend.price = price
      input.amend.mayReplace = 1
      input.amend.market = link.tops[1]
      isTaken = send(.roleAmend, input, opensRisk: true)
    }
    if isTaken { roles.programs[index].taken = max(roles.programs[index].taken, pushed.sequence) }
    return isTaken
  }

  /// What was taken is pushed once more: by a program that lost its memory.
  private func pushAgain(_ pushed: RolePrograms.Pushed, _ index: Int) {
    guard pushed.sequence <= roles.programs[index].taken, push(pushed, index) else { return }
    roles.programs[index].repeats.append(pushed.sequence)
  }

  /// INV-07 for commands: one answer says "accepted" at most, and what was taken is refused when it comes again.
  func takeRoleAnswer(_ reply: Reply) {
    guard let index = roles.programs.firstIndex(where: { $0.role == reply.role }) else {
      return verdict.fail("INV-17", "an answer to role \(reply.role), which nobody has")
    }
    let name = roles.programs[index].name
    let sequence = reply.token
    switch Reply.Outcome(rawValue: reply.outcomeRaw) {
    case .accepted, .replayed:
      guard let pushed = roles.programs[index].pushed.first(where: { $0.sequence == sequence }) else {
        return verdict.fail("INV-17", "an answer to command \(sequence) of \(name), which was not pushed")
      }
      verdict.expect(
        roles.programs[index].acknowledged[sequence] == nil, "INV-07",
        "command \(sequence) of \(name) was taken twice")
      roles.programs[index].acknowledged[sequence] = reply.orderNumber
      guard case .order(let input) = pushed.command else { return }
      if reply.outcomeRaw == Reply.Outcome.accepted.rawValue {
        probes.hit(.roleOrderTaken)
        checkStopped(input)
      } else {
        probes.hit(.roleMetAdopted)
      }
    case .refused where reply.reasonRaw == Reason.sequenceRepeated.rawValue:
      probes.hit(.roleRepeatRefused)
      guard let place = roles.programs[index].repeats.firstIndex(of: sequence) else {
        return verdict.fail("INV-07", "command \(sequence) of \(name) came once and counts as repeated")
      }
      roles.programs[index].repeats.remove(at: place)
    default: break
    }
  }

  /// Each order of a role stands in the record under its sequence, once.
  func checkRoles(_ run: EngineRun) {
    let mayMiss = settings.durability != .strict && hasLostPower
    for program in roles.programs where !mayMiss || !program.role.isNone {
      // Whoever did not attach since then does not know what was lost.
      for (sequence, number) in program.acknowledged.sorted(by: { $0.key < $1.key }) where number != 0 {
        guard case .order = program.pushed.first(where: { $0.sequence == sequence })?.command else { continue }
        let id = OrderIDText.ofRole(program.name, sequence)
        let seen = observer.orders[number]
        verdict.expect(
          seen != nil, "AUD-04", "order \(id) was acknowledged and is not in the journal")
        if let seen, seen.image.id != id {
          // Found at the venue before it was asked for again: known by its wire id.
          let wire = WireID.make(tag: World.identity.tag, id: id)
          verdict.expect(
            seen.image.id.low == wire || seen.image.id == id, "AUD-04",
            "order \(id) was acknowledged as \(seen.image.id)")
        }
      }
    }
  }
}

extension Collection where Index == Int {
  fileprivate func drawn(by random: inout SplitMix64) -> Element? {
    isEmpty ? nil : self[startIndex + Int(random.below(UInt64(count)))]
  }
}
