/// The highest numbers that were given out anywhere, by whatever record, file or ring tells of them.
package struct HighestNumbers: Equatable, Sendable {
  package var lsn: UInt64 = 0
  package var seq: UInt64 = 0
  package var epoch: UInt32 = 0
  /// Without the row in its low bits.
  package var orderSerial: UInt64 = 0
  package var time = EngineTime.zero
  package var utc = UTCTime.zero
  /// The last command of each role.
  package var sequences = [UInt64](repeating: 0, count: Limits.roleCount)

  package init() {}

  package mutating func note(_ stamp: RoleStamp) {
    guard stamp.role.index < sequences.count else { return }
    sequences[stamp.role.index] = max(sequences[stamp.role.index], stamp.sequence)
  }
}

extension Core {
  /// Goes on above `highest` with older rows: no number that was given out is given again, and no id counts as unused
  /// unless the index of ids has said so behind `lsn`, which is above all of them.
  ///
  /// - Precondition: between inputs; the rows come from a snapshot, or are as new.
  package mutating func continueAbove(_ highest: HighestNumbers, lsn: UInt64) {
    precondition(lsn > highest.lsn, "a restored state stands above every record there was")
    precondition(highest.time >= state.globals[0].lastTime, "record time never decreases (INV-12)")
    state.globals[0].nextSeq = max(state.globals[0].nextSeq, highest.seq + 1)
    state.globals[0].nextOrderNumber = max(state.globals[0].nextOrderNumber, highest.orderSerial + 1)
    // Questions of a run that is not known any more: far above whatever it can have asked.
    state.globals[0].nextRequestID += 1 << 32
    state.globals[0].limitsVersion += 1 << 32
    state.globals[0].idIndexLsn = lsn
    state.globals[0].forgottenLsn = lsn
    state.globals[0].fullAt = 0
    for role in 1..<Int(state.globals[0].roleCount) + 1 {
      state.roles[role].lastSequence = max(state.roles[role].lastSequence, highest.sequences[role])
    }
    state.commit()
  }

  /// Roles that got their numbers behind these rows keep them. `rows`: of some later state, in the order of their numbers.
  package mutating func know(roles rows: [RoleRow]) {
    for row in rows where row.id.index == Int(state.globals[0].roleCount) + 1 && row.id.index < state.capacity.roles {
      state.globals[0].roleCount += 1
      state.roles[row.id.index] = row
    }
    state.commit()
  }
}
