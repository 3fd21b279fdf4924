internal import CCore

/// Answers the clients of one engine: turns requests into inputs, follows what becomes of them in the journal, and words
/// the outcome.
///
/// Owner: the control thread. It shares nothing with the hot thread but rings, and the buffers that row queries name.
final class ControlAgent {
  var settings: EngineSettings
  let gateNames: GateNames
  let gate: GateFile<KernelFileSystem>
  let ring: JournalRing
  let view: JournalView
  let clock: EngineClock
  let facts: EngineFacts
  var processFacts = ProcessFacts()
  let shadow: Shadow
  let ids: IDIndex<KernelFileSystem>
  var toldIndexLsn: UInt64
  var server: ControlServer
  var bell: Doorbell
  private var commands: RingProducer<HotMessage>
  private var replies: RingConsumer<Reply>
  private var tail: JournalFollower<KernelFileSystem>
  private let hotBell: Doorbell.Ringer
  /// Messages that the ring had no room for.
  private var backlog: [HotMessage] = []
  private var answers: [UInt64: Reply] = [:]
  private var lent = LentBuffers()
  private var nextToken: UInt64 = 1
  private var nextText: UInt32 = 1
  /// A new configuration is being applied: the next one waits.
  var isReloading = false
  /// Orders that left without a record in this run.
  var unrecordedCount: UInt64 = 0
  private var jobs: [Job] = []
  /// Limits that go back at a time.
  var timedLimits: TimedLimits
  var locks: [String: ClientID] = [:]
  var sessions: [ClientID: [SessionRequest]] = [:]
  var grants = GrantDesk()
  var deadman = Deadman()
  var isDeadmanKept = false
  /// Set once a stop has been asked for: no new orders, then the process ends.
  private(set) var isStopping = false
  var stopIsReady = false
  private(set) var version: UInt64 = 0
  private var lastTrouble: JournalError?
  private var lastJournalState = JournalState.healthy
  private var hasToldUnlinked = false

  init(
    settings: EngineSettings, timedLimits: TimedLimits, gateNames: GateNames, facts: EngineFacts, shadow: Shadow,
    ids: IDIndex<KernelFileSystem>,
    clock: EngineClock,
    view: JournalView,
    ring: JournalRing, tail: consuming JournalFollower<KernelFileSystem>, server: consuming ControlServer,
    bell: consuming Doorbell,
    commands: consuming RingProducer<HotMessage>, replies: consuming RingConsumer<Reply>, hotBell: Doorbell.Ringer
  ) {
    self.settings = settings
    self.timedLimits = timedLimits
    self.gateNames = gateNames
    self.facts = facts
    self.shadow = shadow
    self.ids = ids
    toldIndexLsn = facts.indexLsn
    self.clock = clock
    self.view = view
    self.ring = ring
    gate = GateFile(path: facts.gatePath)
    self.tail = tail
    self.server = server
    self.bell = bell
    self.commands = commands
    self.replies = replies
    self.hotBell = hotBell
    view.older = { [unowned self] id in olderOrder(id) }
  }

  var resolver: Resolver { Resolver(names: view.names, settings: settings) }
  var now: EngineTime { clock.now }
  var utc: UTCTime { clock.utc }

  // MARK: Turns

  /// One turn: sleeps until there is something to do, at most `timeout` milliseconds.
  func turn(timeoutMilliseconds: Int32) {
    bell.announceSleep()
    let timeout = hasNews ? 0 : min(timeoutMilliseconds, nextTimeout)
    var inputs: [ControlInput] = []
    server.turn(timeoutMilliseconds: timeout, now: { clock.now }) { inputs.append($0) }
    bell.wakeUp()
    takeNews()
    for input in inputs { take(input) }
    takeNews()
    tellIndex()
    if let step = clock.takeStep() { ask(HotMessage(.clockOffset, ClockStep.input(step))) }
    tellJournal()
    stepJobs()
    flushBacklog()
  }

  private var hasNews: Bool {
    if !replies.isEmpty || !backlog.isEmpty { return true }
    return ring.appendedLsn > tail.cursor && tail.trouble == nil
  }

  private func takeNews() {
    while let reply = replies.tryPop() {
      lent.takeBack(reply.token)
      answers[reply.token] = reply
    }
    let now = clock.now
    while let record = tail.next(now: now) {
      view.apply(record)
      version += 1
    }
    tellTrouble()
  }

  /// Answers that wait for the journal wait until it can be read again; whoever runs the engine is told why, once.
  private func tellTrouble() {
    guard tail.trouble != lastTrouble else { return }
    lastTrouble = tail.trouble
    if let lastTrouble { Diagnostics.warn(.journal, "replies wait for the journal: \(lastTrouble)") }
  }

  /// Whoever runs the engine is told when its journal dies and when it comes back; nothing else can tell them.
  private func tellJournal() {
    let isUnlinked = ring.alarms.contains(.ringUnlinked)
    if isUnlinked, !hasToldUnlinked {
      Diagnostics.warn(
        .journal, "somebody removed the journal ring from /dev/shm: new orders wait for the disk until it is back")
    }
    if !isUnlinked, hasToldUnlinked { Diagnostics.info(.journal, "the journal ring has a new name") }
    hasToldUnlinked = isUnlinked
    let state = ring.state
    guard state != lastJournalState else { return }
    let wasDead = lastJournalState == .dead
    lastJournalState = state
    if state == .dead {
      Diagnostics.error(
        .journal,
        "no disk takes the journal (errno \(ring.lastErrno)): no new risk; cancel, kill and reducing orders still work, "
          + "and are recorded when a disk is back")
    } else if wasDead {
      Diagnostics.info(.journal, "the journal is written again; everything since is recorded")
    }
  }

  private func stepJobs() {
    var index = 0
    while index < jobs.count {
      if jobs[index].step(self) { jobs.remove(at: index) } else { index += 1 }
    }
    if !answers.isEmpty { answers = answers.filter { token, _ in jobs.contains { $0.wants(token) } } }
  }

  /// Deadlines are looked at 50 times a second while somebody waits.
  private var nextTimeout: Int32 {
    var least: Int32 = 1_000
    for job in jobs { least = min(least, job.patience(self)) }
    return least
  }

  private func take(_ input: ControlInput) {
    switch input {
    case .request(let client, let request): start(client, request)
    case .refused: break
    case .closed(let client):
      jobs.removeAll { $0.client == client && $0.diesWithClient }
      locks = locks.filter { $0.value != client }
      let rings = grantJobs.filter { $0.client == client }
      for ring in rings { ring.clientLeft() }
      // What still lies in its rings belongs to its sessions.
      if rings.isEmpty { endSessions(of: client) }
    }
  }

  /// The connection is gone, and so is all that came over it.
  func endSessions(of client: ClientID) {
    for session in sessions.removeValue(forKey: client) ?? [] where session.onExit != .keep {
      begin(SessionEndJob(self, nil, 0, session))
    }
  }

  var grantJobs: [GrantJob] { jobs.compactMap { $0 as? GrantJob } }

  // MARK: Jobs

  func begin(_ job: Job) {
    if !job.step(self) { jobs.append(job) }
  }

  func abandon(_ client: ClientID, _ number: UInt64) {
    jobs.removeAll { job in
      guard job.client == client, job.number == number, job.diesWithClient, !job.settles() else { return false }
      job.end(self, exit: 130)
      return true
    }
  }

  /// No new orders while it stops.
  func setStopping(_ isStopping: Bool) {
    self.isStopping = isStopping
    if isStopping { for ring in grantJobs { ring.revoke(self, .engineStopping) } }
  }

  // MARK: The hot thread

  func makeToken() -> UInt64 {
    nextToken += 1
    return nextToken
  }

  /// Asks the hot thread to fill `buffer`, which stays alive until it has, whatever becomes of the asker.
  func ask(_ message: HotMessage, filling buffer: AnyObject, token: UInt64) {
    lent.lend(buffer, token)
    ask(message)
  }

  func takeAnswer(_ token: UInt64) -> Reply? { answers.removeValue(forKey: token) }

  func ask(_ message: HotMessage) {
    if !backlog.isEmpty || !commands.tryPush(message) { backlog.append(message) }
    hotBell.ring()
  }

  private func flushBacklog() {
    var sent = 0
    while sent < backlog.count, commands.tryPush(backlog[sent]) { sent += 1 }
    if sent > 0 {
      backlog.removeFirst(sent)
      hotBell.ring()
    }
  }

  /// Records tags and answers with their number; 0 for none.
  func text(for tags: [RequestMembers.Pair]) throws(RequestError) -> UInt32 {
    guard !tags.isEmpty else { return 0 }
    var json = JSONWriter()
    json.beginObject()
    for tag in tags {
      json.name(data: tag.name)
      json.string(tag.value)
    }
    json.endObject()
    let bytes = json.bytes
    guard bytes.count <= SetTextInput.capacity else {
      throw .usage("tags", "tags take \(bytes.count) bytes; at most \(SetTextInput.capacity) are kept")
    }
    var input = SetTextInput()
    input.id = nextText
    input.length = UInt32(bytes.count)
    unsafe withUnsafeMutableBytes(of: &input.a) { unsafe $0.copyBytes(from: bytes) }
    nextText = nextText + 1 < UInt32(Limits.textCount) ? nextText + 1 : 1
    ask(HotMessage(.setText, input))
    return input.id
  }

  /// The texts of orders that are still there are not written over before all others are used.
  func continueTexts(after id: UInt32) { nextText = id + 1 < UInt32(Limits.textCount) ? id + 1 : 1 }
}

/// What is true of a running engine for its whole life.
struct EngineFacts: Sendable {
  var version = "0.1.0"
  var process: Int32 = 0
  var epoch: UInt32 = 0
  var startedAt = EngineTime.zero
  var durability = DurabilityMode.group
  var plan = ""
  var gatePath = ""
  /// False: what it leaves behind is thrown away.
  var keepsState = true
  var logDirectory = ""
  var configDirectory = ""
  /// Said on the command line: what becomes of open orders at the end.
  var exitPolicy: ExitPolicy?
  var snapshotDirectory = ""
  /// What the core was told about the index of ids when it started.
  var indexLsn: UInt64 = 0
  /// Read-only, for those who attach.
  var tablesDescriptor: Int32 = -1
  var latencies: LatencyHistograms?
  /// The built-in exchange is in this process: trades of markets can be read, and images of it are made here.
  var hasOwnExchange = false
  /// The longest turn of the hot thread in the last second.
  let loopLag = SharedGauge()
  /// Up to here events are in the log's files.
  let loggedSeq = SharedGauge()
  /// Up to here records are worked into the log.
  let loggedLsn = SharedGauge()
}

/// A request that is being worked on. Classes, since the control plane keeps many kinds of them in one list.
class Job {
  let client: ClientID?
  let number: UInt64
  let started: EngineTime
  var deadline: EngineTime
  private var isEnded = false

  init(_ agent: ControlAgent, _ client: ClientID?, _ number: UInt64, timeout: Int64?, standard: Int64 = 5_000_000_000) {
    self.client = client
    self.number = number
    started = agent.now
    deadline = timeout == 0 ? .never : started.advanced(byNanoseconds: timeout ?? standard)
  }

  /// Does what can be done now. `true`: it has ended, and said so.
  func step(_ agent: ControlAgent) -> Bool { preconditionFailure("every job has steps") }
  func wants(_ token: UInt64) -> Bool { false }
  /// Whoever asked has enough: `true` if something is out that is told of before it ends.
  func settles() -> Bool { false }
  /// Whether it makes no sense without somebody to tell.
  var diesWithClient: Bool { true }
  /// Milliseconds until it wants to be looked at although nothing happened.
  func patience(_ agent: ControlAgent) -> Int32 {
    deadline == .never ? 1_000 : Int32(clamping: max(0, (deadline.nanoseconds - agent.now.nanoseconds) / 1_000_000 + 1))
  }

  func isLate(_ agent: ControlAgent) -> Bool { agent.now >= deadline }

  func data(_ agent: ControlAgent, _ object: [UInt8]) {
    if let client { agent.server.send(ReplyLine.data(object, request: number), to: client) }
  }

  func note(_ agent: ControlAgent, _ text: String) {
    if let client { agent.server.send(ReplyLine.note(text, request: number), to: client) }
  }

  func error(_ agent: ControlAgent, _ error: RequestError) {
    if let client { agent.server.send(ReplyLine.error(error, request: number), to: client) }
  }

  @discardableResult
  func end(_ agent: ControlAgent, exit: UInt8) -> Bool {
    precondition(!isEnded, "a request ends once (INV-17)")
    isEnded = true
    if let client {
      agent.server.send(ReplyLine.end(exit: exit, request: number), to: client)
      agent.server.requestEnded(of: client)
    }
    return true
  }

  func fail(_ agent: ControlAgent, _ error: RequestError) -> Bool {
    self.error(agent, error)
    return end(agent, exit: error.exit)
  }
}

/// A job that is done in one step.
final class InstantJob: Job {
  private let work: (InstantJob, ControlAgent) throws(RequestError) -> UInt8

  init(
    _ agent: ControlAgent, _ client: ClientID?, _ number: UInt64,
    _ work: @escaping (InstantJob, ControlAgent) throws(RequestError) -> UInt8
  ) {
    self.work = work
    super.init(agent, client, number, timeout: nil)
  }

  override func step(_ agent: ControlAgent) -> Bool {
    do throws(RequestError) {
      return end(agent, exit: try work(self, agent))
    } catch {
      return fail(agent, error)
    }
  }
}
