/// `snapshot take`: asks the shadow and answers with what it wrote.
final class SnapshotJob: Job {
  private var asked: UInt64 = 0
  private let note: String?

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: SnapshotRequest) {
    note = request.note
    super.init(agent, client, number, timeout: 60_000_000_000)
  }

  override func patience(_ agent: ControlAgent) -> Int32 { 10 }

  override func step(_ agent: ControlAgent) -> Bool {
    if asked == 0 { asked = agent.shadow.ask(note: note) }
    switch agent.shadow.outcome(of: asked) {
    case .success(let facts):
      data(agent, SnapshotObject.make(facts))
      return end(agent, exit: 0)
    case .failure(let failure):
      return fail(agent, RequestError(failure.code, exit: failure.exit, failure.message))
    case nil:
      guard isLate(agent) else { return false }
      return fail(agent, RequestError("wait.timeout", exit: 31, "the snapshot is not finished yet"))
    }
  }
}

enum SnapshotObject {
  static func make(_ facts: SnapshotFacts) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("type", "snapshot")
    json.member("v", 1)
    json.member("ts", facts.created)
    json.member("id", facts.id)
    json.member("path", facts.path)
    json.member("bytes", facts.bytes)
    json.member("seq", facts.seq)
    json.member("accounts", facts.accounts)
    json.member("sha256", facts.digest)
    json.member("lsn", facts.lsn)
    if let open = facts.openOrders { json.member("orders_open", open) } else { json.memberNull("orders_open") }
    json.member("note", facts.note)
    json.endObject()
    return json.bytes
  }
}

extension ControlAgent {
  func listSnapshots(_ job: Job) throws(RequestError) -> UInt8 {
    for facts in shadow.list() { job.data(self, SnapshotObject.make(facts)) }
    return 0
  }
}
