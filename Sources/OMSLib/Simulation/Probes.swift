/// Places that an ensemble of seeds must have reached; a zero over many seeds says that the simulator has become blind
/// there.
package enum Probe: Int, Sendable, CaseIterable {
  // What was done to the engine.
  case killed
  case killedInCall
  case killedInDisk
  case killedInRecovery
  case powerLost
  case diskFailed
  case journalReplaced
  case journalDied
  case recoveryCutTorn
  case recoveryEndedGroup
  case ringJoined
  case ringMissing
  case exchangeRestarted
  case clockStepped
  case snapshotTaken
  case snapshotFailed
  case startedFromSnapshot
  case idsIndexed
  case idsMerged
  case idsEvicted
  case indexBehind
  case answeredFromIndex
  case askedOldID
  case segmentPacked
  case segmentPruned
  case startedFromPacked
  case gateShutByFile
  case gateShutWithoutEngine
  case gateSynced
  case gateHarmed
  // What was done to the wires.
  case disconnected
  case requestLost
  case answerLost
  case readBlind
  case answerRepeated
  case requestRefused
  case fillLate
  // What the engine did then.
  case orderUnknown
  case orderAdopted
  case notPlaced
  case notSent
  case replaced
  case replacedPartlyFilled
  case amendedInPlace
  case triggerFired
  case triggerEmulated
  case sliceSent
  case linkCancelled
  case exitsSent
  case killCancelled
  case gateStopped
  case limitRefused
  case rateRefused
  case staleRefused
  case repeatedCommand
  case idConflict
  case driftSeen
  case positionFlipped
  // Hedged accounts and margin.
  case hedgedLong
  case hedgedShort
  case hedgedBoth
  case hedgedClosed
  case positionSideRefused
  case fundingPaid
  case fundingPaidToHedged
  case marginCalled
  case liquidated
  case hedgedLiquidated
  // Roles.
  case roleOrderTaken
  case rolePushedAgain
  case roleRepeatRefused
  case roleMetAdopted
}

/// Counts of one world.
final class Probes {
  private(set) var counts = [UInt64](repeating: 0, count: Probe.allCases.count)
  func hit(_ probe: Probe) { counts[probe.rawValue] += 1 }
}
