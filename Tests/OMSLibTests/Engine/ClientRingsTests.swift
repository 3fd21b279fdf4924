import CCore
import Testing

@testable import OMSLib

/// Rings as the hot thread has them, with clients that may do anything to their memory.
@Suite struct ClientRingsTests {
  /// A core at work, its rings, and the clients' ends of them.
  private struct Rig: ~Copyable {
    var desk: JournalDeadDrillTests.Desk
    var rings = ClientRings()
    var memories: [Memory] = []
    private var role: UInt16 = 0

    final class Memory {
      let memory: ClientMemory
      var client = cc_client()
      init() throws {
        memory = try ClientMemory.make(role: "r", tag: "a1b2c", epoch: 1, lastSequence: 0)
        client.base = memory.base.assumingMemoryBound(to: cc_client_header.self)
        client.bell = memory.bell
      }
    }

    init(mode: DurabilityMode = .group, capacity: Int = 1 << 22) throws {
      desk = try JournalDeadDrillTests.Desk(mode: mode, capacity: capacity)
      desk.agent.door.best = desk.fixture.market()
    }

    @discardableResult
    mutating func grant(accounts: [AccountID] = [CoreFixture.main], rate: Int64 = 1_000_000) throws -> Int {
      role += 1
      var input = OpenRoleInput()
      input.name = fixed("r\(role)")
      let isOpen = desk.agent.submit(.openRole, input, now: desk.time, utc: desk.utc)
      #expect(isOpen)
      let memory = try Memory()
      memories.append(memory)
      var grant = OpenRing()
      grant.token = 1_000 + UInt64(role)
      grant.address = UInt64(UInt(bitPattern: memory.memory.base))
      grant.bell = memory.memory.bell
      grant.role = RoleID(number: role)
      grant.slot = UInt8(role - 1)
      grant.intervalNanoseconds = 1_000_000_000 / rate
      for account in accounts { grant.accounts.insert(account) }
      rings.open(grant, recorded: 0)
      return Int(role - 1)
    }

    static func order(_ sequence: UInt64, price: Int64 = 5_900_000) -> cc_command {
      var command = cc_command()
      command.sequence = sequence
      command.kind = UInt64(cc_command_order)
      command.account = UInt64(CoreFixture.main.number)
      command.instrument = UInt64(CoreFixture.spot.number)
      command.side = UInt64(cc_side_buy)
      command.order_kind = UInt64(cc_order_limit)
      command.time_in_force = UInt64(cc_force_gtc)
      command.quantity = 1_000
      command.price = price
      return command
    }

    func push(_ slot: Int, _ command: cc_command) -> Int32 {
      var command = command
      return cc_client_push(&memories[slot].client, &command)
    }

    @discardableResult
    mutating func turn() -> Int {
      desk.now += 1_000
      desk.agent.door.best.updatedAt = desk.time
      let work = rings.take(&desk.agent, now: desk.time, utc: desk.utc)
      desk.agent.publish()
      while let reply = desk.agent.takeReply() { if !reply.role.isNone { rings.deliver(reply) } }
      return work
    }

    func answers(_ slot: Int) -> [cc_reply] {
      var answers: [cc_reply] = []
      var reply = cc_reply()
      while cc_client_poll(&memories[slot].client, &reply) != 0 { answers.append(reply) }
      return answers
    }

    mutating func notices() -> [ClientRings.Notice] {
      var found: [ClientRings.Notice] = []
      while let notice = rings.notice {
        found.append(notice)
        rings.dropNotice()
      }
      return found
    }
  }

  @Test func anOrderGoesFromTheRingToItsFrame() throws {
    var rig = try Rig()
    try rig.grant()
    #expect(rig.push(0, Rig.order(3)) == 0)
    rig.turn()
    let answers = rig.answers(0)
    #expect(answers.count == 1)
    let answer = try #require(answers.first)
    #expect(answer.sequence == 3 && answer.outcome == UInt64(cc_reply_accepted) && answer.recorded == 3)
    let frames = rig.desk.agent.door.frames
    #expect(frames.map(\.wireID) == [WireID(fixed("r1/3"), tag: .fixture).text])
    #expect(cc_client_recorded(&rig.memories[0].client) == 3)
  }

  @Test func eachRingHasItsShareOfATurn() throws {
    var rig = try Rig()
    for _ in 0..<3 { try rig.grant() }
    for sequence in 1...UInt64(100) { for slot in 0..<3 { #expect(rig.push(slot, Rig.order(sequence)) == 0) } }
    let taken = rig.turn()
    #expect(taken == 96)
    for slot in 0..<3 { #expect(rig.answers(slot).map(\.sequence) == Array(1...32)) }
    let firstOfEach = rig.desk.agent.door.frames.enumerated().filter { $0.offset % 32 == 0 }.map(\.element.wireID)
    #expect(firstOfEach == (1...3).map { WireID(fixed("r\($0)/1"), tag: .fixture).text }, "in the order of numbers")
  }

  @Test func whatIsRefusedInFrontOfTheRecordMayComeAgain() throws {
    var rig = try Rig()
    try rig.grant(accounts: [CoreFixture.sub], rate: 1)
    var foreign = Rig.order(1)
    let strange = [foreign.account, 900, 0]
    let reasons = [Reason.outOfScope, .unknownAccount, .unknownAccount]
    for (account, reason) in zip(strange, reasons) {
      foreign.account = account
      rig.desk.turn(2_000_000_000)
      #expect(rig.push(0, foreign) == 0)
      rig.turn()
      let answer = try #require(rig.answers(0).first)
      #expect(answer.reason == UInt64(reason.rawValue) && answer.outcome == UInt64(cc_reply_unrecorded))
    }
    foreign.account = UInt64(CoreFixture.sub.number)
    foreign.instrument = 500
    rig.desk.turn(2_000_000_000)
    #expect(rig.push(0, foreign) == 0)
    rig.turn()
    #expect(rig.answers(0).first?.reason == UInt64(Reason.unknownInstrument.rawValue))
    #expect(cc_client_recorded(&rig.memories[0].client) == 0, "nothing was recorded")
    foreign.instrument = UInt64(CoreFixture.spot.number)
    rig.desk.turn(2_000_000_000)
    for _ in 0..<2 { #expect(rig.push(0, foreign) == 0) }
    rig.turn()
    let answers = rig.answers(0)
    // The core's answer comes behind those of this turn.
    #expect(Set(answers.map(\.outcome)) == [UInt64(cc_reply_accepted), UInt64(cc_reply_unrecorded)])
    #expect(answers.contains { $0.reason == UInt64(Reason.sequenceRepeated.rawValue) })
    foreign.sequence = 2
    for _ in 0..<2 { #expect(rig.push(0, foreign) == 0) }
    rig.turn()
    #expect(rig.answers(0).first?.reason == UInt64(Reason.grantRate.rawValue))
  }

  @Test(arguments: [
    \cc_command.kind, \.side, \.order_kind, \.time_in_force, \.flags, \.position_side, \.account, \.instrument,
    \.strategy, \.target, \.reserved, \.sequence,
  ])
  func aValueThatMeansNothingCostsTheGrant(field: WritableKeyPath<cc_command, UInt64> & Sendable) throws {
    var rig = try Rig()
    for _ in 0..<2 { try rig.grant() }
    var command = Rig.order(1)
    command[keyPath: field] = UInt64.max - 3
    #expect(rig.push(0, command) == 0)
    #expect(rig.push(1, Rig.order(1)) == 0)
    rig.turn()
    let notices = rig.notices()
    #expect(notices.count == 1)
    #expect(notices.first?.reply.reason == .badCommand && notices.first?.reply.token == 1_001)
    #expect(rig.push(0, Rig.order(2)) == -125, "the client is told")
    #expect(cc_client_reason(&rig.memories[0].client) == UInt64(Reason.badCommand.rawValue))
    #expect(rig.answers(1).count == 1, "its neighbour trades on")
    let isQuiet = rig.rings.isQuiet
    #expect(isQuiet)
  }

  @Test func positionsThatCannotBeCostTheGrant() throws {
    var rig = try Rig()
    try rig.grant()
    let base = rig.memories[0].memory.base + cc_client_commands_offset()
    let number = base + MemoryLayout<cc_ring_header>.size + cc_ring_sequence_offset(MemoryLayout<cc_command>.size)
    cc_ring_sequence_release(number, 9)
    let isQuiet = rig.rings.isQuiet
    #expect(!isQuiet, "damage keeps the thread awake until it was seen")
    rig.turn()
    #expect(rig.notices().map(\.reply.reason) == [.ringDamaged])
  }

  /// SHM-07: a client that takes no answers keeps nobody waiting; it learns that some are missing.
  @Test func answersWithoutRoomAreCounted() throws {
    var rig = try Rig()
    try rig.grant()
    var cancel = cc_command()
    cancel.kind = UInt64(cc_command_cancel)
    for sequence in 1...UInt64(2_000) {
      cancel.sequence = sequence
      #expect(rig.push(0, cancel) == 0)
      rig.turn()
    }
    #expect(cc_client_dropped(&rig.memories[0].client) == 2_000 - UInt64(CC_CLIENT_SLOTS))
    let kept = rig.answers(0)
    #expect(kept.count == Int(CC_CLIENT_SLOTS) && kept.last?.sequence == UInt64(CC_CLIENT_SLOTS))
    #expect(rig.push(0, Rig.order(1)) == 0)
    rig.turn()
    #expect(rig.answers(0).first?.dropped == 2_000 - UInt64(CC_CLIENT_SLOTS))
  }

  @Test func theReaderOfAnswersMayNotBeAheadOfThem() throws {
    var rig = try Rig()
    try rig.grant()
    let base = rig.memories[0].memory.base + cc_client_replies_offset()
    cc_ring_head_release(base.assumingMemoryBound(to: cc_ring_header.self), 1 << 50)
    var cancel = cc_command()
    cancel.kind = UInt64(cc_command_cancel)
    var revoked: [Reason?] = []
    for sequence in 1...UInt64(CC_CLIENT_SLOTS + 1) where revoked.isEmpty {
      cancel.sequence = sequence
      #expect(rig.push(0, cancel) == 0)
      rig.turn()
      revoked = rig.notices().map(\.reply.reason)
    }
    #expect(revoked == [.ringDamaged])
  }

  /// The place of a command is the client's again only when the journal's ring has it.
  @Test func aCommandStaysWhereItIsWhileTheJournalHasNoRoom() throws {
    var rig = try Rig(capacity: 1 << 20)
    try rig.grant()
    #expect(rig.push(0, Rig.order(1)) == 0)
    rig.turn()
    #expect(rig.answers(0).first?.outcome == UInt64(cc_reply_accepted))
    // Somebody else uses up the journal's ring, what is kept for cancels too.
    var filler = rig.desk.input("filler", .buy)
    filler.quantity = 0
    while rig.desk.agent.submit(.newOrder, filler, now: rig.desk.time, utc: rig.desk.utc) {
      while rig.desk.agent.takeReply() != nil {}
    }
    var cancel = cc_command()
    cancel.kind = UInt64(cc_command_cancel)
    cancel.sequence = 2
    cancel.target = 1
    #expect(rig.push(0, cancel) == 0)
    #expect(rig.push(0, Rig.order(3)) == 0)
    rig.turn()
    let isQuiet = rig.rings.isQuiet
    #expect(!isQuiet && rig.answers(0).isEmpty, "neither has been taken")
    #expect(cc_client_recorded(&rig.memories[0].client) == 1)
    rig.desk.turn()
    rig.turn()
    #expect(rig.answers(0).map(\.sequence) == [2, 3])
    #expect(rig.desk.agent.door.frames.compactMap(\.kind) == [.newOrder, .cancelOrder, .newOrder])
  }

  /// Without a disk nothing new opens risk, and what takes it away leaves without a record.
  @Test func withoutAJournalCancelsStillLeave() throws {
    var rig = try Rig(capacity: 1 << 20)
    try rig.grant()
    #expect(rig.push(0, Rig.order(1)) == 0)
    rig.turn()
    _ = rig.answers(0)
    var filler = rig.desk.input("filler", .buy)
    filler.quantity = 0
    while rig.desk.agent.submit(.newOrder, filler, now: rig.desk.time, utc: rig.desk.utc) {
      while rig.desk.agent.takeReply() != nil {}
    }
    _ = rig.desk.agent.poll(now: rig.desk.time, utc: rig.desk.utc)
    rig.desk.now += 2_000_000_000
    _ = rig.desk.agent.poll(now: rig.desk.time, utc: rig.desk.utc)
    var cancel = cc_command()
    cancel.kind = UInt64(cc_command_cancel)
    cancel.sequence = 2
    cancel.target = 1
    #expect(rig.push(0, cancel) == 0)
    #expect(rig.push(0, Rig.order(3)) == 0)
    rig.turn()
    let answers = rig.answers(0)
    #expect(answers.map(\.outcome) == [UInt64(cc_reply_accepted), UInt64(cc_reply_unrecorded)])
    #expect(answers.last?.reason == UInt64(Reason.lossWindow.rawValue))
    #expect(rig.desk.agent.door.frames.compactMap(\.kind) == [.newOrder, .cancelOrder])
    #expect(cc_client_recorded(&rig.memories[0].client) == 1, "the cancel may be repeated")
  }

  @Test func whatIsInTheRingIsRunBeforeItIsLetGo() throws {
    var rig = try Rig()
    try rig.grant()
    for sequence in 1...UInt64(50) { #expect(rig.push(0, Rig.order(sequence)) == 0) }
    var close = CloseRing()
    close.token = 77
    rig.rings.close(close)
    rig.turn()
    #expect(rig.notices().isEmpty, "32 of 50")
    rig.turn()
    let notices = rig.notices()
    #expect(notices.map(\.reply.token) == [77] && notices.first?.bell == rig.memories[0].memory.bell)
    #expect(rig.desk.agent.door.frames.count == 50)
    #expect(rig.push(0, Rig.order(51)) == -32, "closed")
    try rig.grant()
    #expect(rig.push(1, Rig.order(1)) == 0)
    rig.turn()
    #expect(rig.answers(1).count == 1)
  }

  @Test func aRevokedRingIsNotRunAnyMore() throws {
    var rig = try Rig()
    try rig.grant()
    #expect(rig.push(0, Rig.order(1)) == 0)
    var close = CloseRing()
    close.token = 78
    close.reasonRaw = UInt64(Reason.engineStopping.rawValue)
    rig.rings.close(close)
    rig.turn()
    #expect(rig.notices().map(\.reply.token) == [78])
    #expect(rig.desk.agent.door.frames.isEmpty)
    #expect(cc_client_reason(&rig.memories[0].client) == UInt64(cc_reason_stopping))
  }

  @Test func thePublishedNumbersAreTheEngines() {
    #expect(Int(cc_reason_sequence_repeated) == Int(Reason.sequenceRepeated.rawValue))
    #expect(Int(cc_reason_out_of_scope) == Int(Reason.outOfScope.rawValue))
    #expect(Int(cc_reason_grant_rate) == Int(Reason.grantRate.rawValue))
    #expect(Int(cc_reason_ring_damaged) == Int(Reason.ringDamaged.rawValue))
    #expect(Int(cc_reason_bad_command) == Int(Reason.badCommand.rawValue))
    #expect(Int(cc_reason_stopping) == Int(Reason.engineStopping.rawValue))
    #expect(Int(cc_order_take_profit_limit) == Int(OrderKind.takeProfitLimit.rawValue))
    #expect(Int(cc_force_fok) == Int(TimeInForce.fok.rawValue))
    #expect(Int(cc_flag_reduce_only) == Int(OrderFlags.reduceOnly.rawValue))
    #expect(Int(cc_side_sell) == Int(Side.sell.rawValue))
  }
}
