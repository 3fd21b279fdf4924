internal import CCore

/// The small parent of an engine: starts it, says when it answers, runs a command beside it, and passes signals on.
///
/// Owner: the only thread of `oms run`. Neither outlives the other: the kernel kills the engine with its parent, and the
/// parent ends when the engine has.
package struct Supervisor {
  private static let term: Int32 = 15
  private static let kill: Int32 = 9
  private static let interrupt: Int32 = 2
  private static let hangup: Int32 = 1
  private static let user1: Int32 = 10

  private let options: EngineOptions
  private let banner: String

  package init(_ options: EngineOptions, banner: String) {
    self.options = options
    self.banner = banner
  }

  /// Runs to the end; the exit code is the engine's, or that of the command.
  package func run() -> UInt8 {
    options.detaches ? detached() : attached { _ in }
  }

  // MARK: Detached

  /// Returns 0 only when the engine answers; otherwise with its code.
  private func detached() -> UInt8 {
    var reader: Int32 = -1
    var writer: Int32 = -1
    guard unsafe cc_process_pipe(&reader, &writer) == 0 else { return Self.fail("a pipe cannot be made") }
    let child = cc_process_fork()
    guard child >= 0 else { return Self.fail("a process cannot be started (errno \(-child))") }
    if child == 0 {
      _ = cc_sys_close(reader)
      _ = cc_process_detach(1)
      cc_process_close_others(writer, options.readyDescriptor ?? writer, options.unsealing?.descriptor ?? writer)
      _ = cc_process_silence(0)
      _ = cc_process_silence(1)
      let status = attached { isReady in
        guard isReady else { return }
        Self.tell(writer)
        _ = cc_process_silence(2)
      }
      cc_process_leave(Int32(status))
    }
    _ = cc_sys_close(writer)
    if Self.hears(reader) { return 0 }
    var status: Int32 = 1
    _ = unsafe cc_process_wait(child, 1, &status)
    return UInt8(clamping: status == 0 ? 1 : status)
  }

  // MARK: Attached

  private func attached(_ told: (Bool) -> Void) -> UInt8 {
    defer { throwAway() }
    var reader: Int32 = -1
    var writer: Int32 = -1
    guard unsafe cc_process_pipe(&reader, &writer) == 0 else { return Self.fail("a pipe cannot be made") }
    let signals = cc_signal_open()
    guard signals >= 0 else { return Self.fail("signals cannot be read (errno \(-signals))") }
    let parent = cc_process_id()
    let engine = cc_process_fork()
    guard engine >= 0 else { return Self.fail("a process cannot be started (errno \(-engine))") }
    if engine == 0 {
      _ = cc_sys_close(reader)
      _ = cc_sys_close(signals)
      runEngine(parent, writer)
    }
    _ = cc_sys_close(writer)
    if let unsealing = options.unsealing { _ = cc_sys_close(unsealing.descriptor) }
    let isReady = Self.hears(reader)
    told(isReady)
    guard isReady else {
      var status: Int32 = 1
      _ = unsafe cc_process_wait(engine, 1, &status)
      return UInt8(clamping: status)
    }
    announce()
    var command: Int32 = 0
    if !options.command.isEmpty {
      command = start()
      if command < 0 {
        Self.say("oms: error: '\(options.command[0])' cannot be run (errno \(-command))\n")
        _ = cc_process_signal(engine, Self.term)
        var status: Int32 = 0
        _ = unsafe cc_process_wait(engine, 1, &status)
        return command == -2 ? 127 : 126
      }
    }
    return watch(engine, command, signals)
  }

  private func runEngine(_ parent: Int32, _ ready: Int32) -> Never {
    // Away from the terminal's signals: the parent passes on what is meant for the engine.
    _ = cc_process_detach(0)
    guard cc_process_die_with(parent) == 0 else { cc_process_leave(1) }
    let status = EngineProcess(options: options).run {
      Self.tell(ready)
      _ = cc_sys_close(ready)
      // Whoever reads what the start had to say waits for the end of it. What is written there from now on are the last
      // words of a process that dies.
      guard options.detaches else { return }
      Diagnostics.endEcho()
      if unsafe cc_process_redirect(2, options.lastWordsPath) != 0 { _ = cc_process_silence(2) }
    }
    cc_process_leave(Int32(status))
  }

  private func announce() {
    // The ready file is for those who cannot wait for a descriptor.
    do throws(SystemError) {
      try Files.write(Array("\(cc_process_id())\n".utf8), to: options.runDirectory + "/ready")
    } catch {
      Self.say("oms: warning: the ready file cannot be written (errno \(error.errno))\n")
    }
    if let descriptor = options.readyDescriptor {
      Self.tell(descriptor)
      _ = cc_sys_close(descriptor)
    }
    if !options.isQuiet { Self.say(banner) }
  }

  private func start() -> Int32 {
    var environment = ProcessEnvironment.all
    environment["OMS_INSTANCE"] = options.settings.instance
    // One that nobody made says nothing: the command looks where it would look by itself.
    if KernelFileSystem().exists(options.configDirectory) { environment["OMS_CONFIG_DIR"] = options.configDirectory }
    environment["OMS_SOCKET"] = options.socketPath
    // The command finds the oms that runs it, also when that is not in its PATH.
    if let own = ProcessEnvironment.ownDirectory {
      let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
      if !path.split(separator: ":").contains(Substring(own)) { environment["PATH"] = path + ":" + own }
    }
    return ProcessEnvironment.spawn(options.command, environment)
  }

  /// Until command and engine have ended.
  private func watch(_ engine: Int32, _ command: Int32, _ signals: Int32) -> UInt8 {
    let poll = cc_poll_create()
    defer { _ = cc_sys_close(poll) }
    _ = cc_poll_watch(poll, signals, UInt32(cc_ready_read), 0)
    var report = cc_ready()
    var commandStatus: UInt8?
    var engineStatus: UInt8?
    var asked = false
    while true {
      reap(engine, command, &engineStatus, &commandStatus)
      if let engineStatus {
        if engineStatus > 128 { tellDeath(engine, signal: engineStatus - 128) }
        if command > 0 && commandStatus == nil {
          Self.say("oms: error: the engine ended before the command did\n")
          _ = cc_process_signal(command, Self.term)
          var status: Int32 = 0
          _ = unsafe cc_process_wait(command, 1, &status)
        }
        return commandStatus ?? engineStatus
      }
      if commandStatus != nil && !asked {
        asked = true
        _ = cc_process_signal(engine, Self.term)
      }
      _ = unsafe cc_poll_wait(poll, &report, 1, 1_000)
      while case let signal = cc_signal_next(signals), signal != 0 { pass(signal, engine, command, commandStatus) }
    }
  }

  private func reap(_ engine: Int32, _ command: Int32, _ engineStatus: inout UInt8?, _ commandStatus: inout UInt8?) {
    var status: Int32 = 0
    if command > 0, commandStatus == nil, unsafe cc_process_wait(command, 0, &status) == command {
      commandStatus = UInt8(clamping: status)
    }
    if engineStatus == nil, unsafe cc_process_wait(engine, 0, &status) == engine {
      engineStatus = UInt8(clamping: status)
    }
  }

  /// A process that was killed cannot say so itself.
  private func tellDeath(_ engine: Int32, signal: UInt8) {
    Diagnostics.begin(in: options.logDirectory)
    let lastWords = options.detaches ? "; its last words, if any, are in \(options.lastWordsPath)" : ""
    Diagnostics.error(.engine, "the engine (process \(engine)) was ended by signal \(signal)\(lastWords)")
    Diagnostics.flush()
  }

  private func pass(_ signal: Int32, _ engine: Int32, _ command: Int32, _ commandStatus: UInt8?) {
    switch signal {
    case Self.term where command > 0 && commandStatus == nil: _ = cc_process_signal(command, signal)
    // The terminal has sent it to the command too; what the command makes of it decides.
    case Self.interrupt where command > 0 && commandStatus == nil: break
    case Self.term, Self.interrupt, Self.hangup, Self.user1: _ = cc_process_signal(engine, signal)
    default: break
    }
  }

  private func throwAway() {
    if let directory = options.throwAwayDirectory { Files.removeTree(directory) }
  }

  // MARK: Small things

  private static func tell(_ descriptor: Int32) {
    var byte: UInt8 = 0x0A
    _ = unsafe cc_sys_write(descriptor, &byte, 1)
  }

  /// Whether a byte comes before the other end closes.
  private static func hears(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    let got = unsafe cc_sys_read(descriptor, &byte, 1)
    _ = cc_sys_close(descriptor)
    return got == 1
  }

  private static func say(_ text: String) { EngineProcess.say(text) }

  private static func fail(_ text: String) -> UInt8 {
    say("oms: error: \(text)\n")
    return 1
  }
}
