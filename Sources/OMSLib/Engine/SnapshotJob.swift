/// `snapshot take`: refused until the engine keeps snapshots; nothing is pretended.
final class SnapshotJob: Job {
  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: SnapshotRequest) {
    super.init(agent, client, number, timeout: nil)
  }

  override func step(_ agent: ControlAgent) -> Bool {
    fail(
      agent, RequestError("engine.snapshots", exit: 16, "this engine keeps no snapshots; it recovers from its journal"))
  }
}

extension ControlAgent {
  func listSnapshots(_ job: Job) throws(RequestError) -> UInt8 { 0 }
}
