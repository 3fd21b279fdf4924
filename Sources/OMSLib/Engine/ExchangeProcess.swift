internal import CCore

/// A process that holds the built-in exchange for engines in other processes. It outlives them; what it lists and whose
/// accounts it has are the same settings that an engine reads.
///
/// Owner: the main thread, beside one for its journal and one for its images. TERM and INT end it in good order; USR1
/// writes its ledger, as text, to `ledger` in the state directory.
package struct ExchangeProcess {
  private static let term: Int32 = 15
  private static let interrupt: Int32 = 2
  private static let user1: Int32 = 10
  /// A pause after a turn without work: short while an engine may be about to ask again.
  private static let shortPause: Int64 = 100_000
  private static let longPause: Int64 = 1_000_000
  private static let turnsUntilLongPause = 500

  private let options: EngineOptions
  private let door: String

  /// Of `options` its settings, state directory, seed, speed and ready descriptor count.
  package init(_ options: EngineOptions, door: String) {
    self.options = options
    self.door = door
  }

  /// Runs to the end; the exit code.
  package func run() -> UInt8 {
    do throws(EngineFailure) {
      try start()
      return 0
    } catch {
      EngineProcess.say("omsim: error: \(error.message) [\(error.code), exit \(error.exit)]\n")
      return error.exit
    }
  }

  private func start() throws(EngineFailure) {
    let signals = cc_signal_open()
    guard signals >= 0 else { throw EngineFailure(1, "io.signals", "signals cannot be read (errno \(-signals))") }
    try Files.makeDirectories(options.stateDirectory)
    let clock = EngineClock(after: .zero)
    let identity = try InstanceIdentity.load(options)
    let utc = clock.utc
    var boot = try SimulatedBoot.open(
      options, identity, venue: VenueID(number: 1), now: EngineTime(nanoseconds: utc.nanoseconds), utc: utc)
    guard let writer = boot.journal.writer.take() else { preconditionFailure("recovery opened the writer") }
    let name = SharedExchangeRegion.name(ofDoor: door)
    let region = try makeRegion(name)
    defer { SharedMemory.unlink(name: name) }
    let shared = EngineSignals()
    let journal = JournalLoop(
      core: writer, exchange: nil, ring: boot.journal.ring, clock: clock, signals: shared, bells: [])
    let keeper = ExchangeKeeper(
      ExchangeShadow(options: boot.journal.options, ring: boot.journal.ring), settings: options.settings, clock: clock,
      signals: shared)
    var host = ExchangeHost(region, venue: boot.venue)
    do throws(SystemError) {
      let thread = try WorkerThread(named: "oms-journal") { journal.run() }
      let second = try WorkerThread(named: "oms-shadow") { keeper.run() }
      announce()
      work(&host, signals, from: utc, clock, keeper)
      shared.requestStop()
      second.join()
      shared.noteDrained()
      thread.join()
      keeper.finish()
    } catch {
      throw EngineFailure(1, "io.threads", "\(error.call) failed with errno \(error.errno)")
    }
    if let writer = journal.takeCore() { boot.journal.close(writer, now: clock.now, utc: clock.utc) }
  }

  private func makeRegion(_ name: String) throws(EngineFailure) -> SharedExchangeRegion {
    do throws(SharedExchangeRegion.TakenError) {
      return try SharedExchangeRegion.create(name: name)
    } catch {
      switch error {
      case .held(let process):
        throw EngineFailure(17, "busy.door", "process \(process) holds an exchange at door '\(door)' already")
      case .system(let error):
        throw EngineFailure(10, "config.memory", "door '\(door)': \(error.call) failed with errno \(error.errno)")
      }
    }
  }

  private func announce() {
    guard let descriptor = options.readyDescriptor else { return }
    var byte: UInt8 = 0x0A
    _ = unsafe cc_sys_write(descriptor, &byte, 1)
    _ = cc_sys_close(descriptor)
  }

  private func work(
    _ host: inout ExchangeHost<JournalExchangeRecorder>, _ signals: Int32, from start: UTCTime, _ clock: EngineClock,
    _ keeper: ExchangeKeeper
  ) {
    var park = cc_park()
    var images = ImageRequest()
    var utc = start
    var idleTurns = 0
    while true {
      // Market time does not go back with the machine's calendar.
      utc = max(utc, clock.utc)
      images.follow(&host, keeper)
      if host.turn(utc: utc) > 0 {
        idleTurns = 0
        continue
      }
      idleTurns += 1
      while case let signal = cc_signal_next(signals), signal != 0 {
        if signal == Self.term || signal == Self.interrupt { return }
        if signal == Self.user1 { writeLedger(host) }
      }
      _ = unsafe cc_park_wait(&park, 0, idleTurns < Self.turnsUntilLongPause ? Self.shortPause : Self.longPause)
    }
  }

  /// Images that engines ask for: all that came while one is made are content with the next.
  private struct ImageRequest {
    private var upTo: UInt64 = 0
    private var asked: UInt64?

    mutating func follow(_ host: inout ExchangeHost<JournalExchangeRecorder>, _ keeper: ExchangeKeeper) {
      if let request = asked {
        guard let isMade = keeper.isMade(request) else { return }
        host.imagesEnded(upTo: upTo, isMade: isMade)
        asked = nil
      }
      guard host.imagesAsked > upTo else { return }
      upTo = host.imagesAsked
      asked = keeper.ask()
    }
  }

  /// Whole or not at all: by rename.
  private func writeLedger(_ host: borrowing ExchangeHost<JournalExchangeRecorder>) {
    var bytes: [UInt8] = []
    host.venue.exchange.dump { line in
      bytes.append(contentsOf: line.utf8)
      bytes.append(0x0A)
    }
    do throws(SystemError) {
      try Files.write(bytes, to: options.stateDirectory + "/ledger")
    } catch {
      EngineProcess.say("omsim: warning: the ledger cannot be written (errno \(error.errno))\n")
    }
  }
}
