/// `snapshot take`: asks the shadow and answers with what it wrote. An exchange in another process makes its own image
/// first.
final class SnapshotJob: Job {
  private var asked: UInt64 = 0
  /// What was asked of the exchange; 0 once it has answered.
  private var image: UInt64?
  private let remark: String?

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, _ request: SnapshotRequest) {
    remark = request.note
    super.init(agent, client, number, timeout: 60_000_000_000)
  }

  override func wants(_ token: UInt64) -> Bool { token == image }
  override func patience(_ agent: ControlAgent) -> Int32 { 10 }

  override func step(_ agent: ControlAgent) -> Bool {
    guard agent.facts.hasOwnExchange || hasImage(agent) else {
      guard isLate(agent) else { return false }
      return fail(agent, RequestError("wait.timeout", exit: 31, "the image of the exchange is not finished yet"))
    }
    if asked == 0 { asked = agent.shadow.ask(note: remark) }
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

  /// Its absence keeps nobody from a snapshot of the engine.
  private func hasImage(_ agent: ControlAgent) -> Bool {
    guard let token = image else {
      var command = SimulatorCommand(.image)
      command.token = agent.makeToken()
      image = command.token
      agent.ask(HotMessage(.simulator, command))
      return false
    }
    guard token != 0 else { return true }
    guard let reply = agent.takeAnswer(token) else { return false }
    image = 0
    if reply.outcomeRaw != Reply.Outcome.accepted.rawValue {
      note(agent, "the exchange in another process made no image of itself")
    }
    return true
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
