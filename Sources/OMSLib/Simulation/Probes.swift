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
  // What was done to the wires.
  case disconnected
  case requestLost
  case answerLost
  case answerRepeated
  case requestRefused
  case fillLate
  // What the engine did then.
  case orderUnknown
  case orderAdopted
  case notPlaced
  case notSent
  case replaced
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
  case repeatedCommand
  case idConflict
  case driftSeen
  case positionFlipped
}

/// Counts of one world.
final class Probes {
  private(set) var counts = [UInt64](repeating: 0, count: Probe.allCases.count)
  func hit(_ probe: Probe) { counts[probe.rawValue] += 1 }
}
