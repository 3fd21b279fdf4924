/// What `oms doctor` says about the files of one instance, and about units of the machine.
package struct FileDiagnosis {
  private let paths: InstancePaths
  private let disk = KernelFileSystem()

  package init(_ paths: InstancePaths) { self.paths = paths }

  package func files(isRunning: Bool) -> [Diagnosis] {
    let state = paths.currentStateDirectory
    var found: [Diagnosis] = []
    // The link to a throw-away state is judged by what it points to, not by itself.
    for (name, path, bits) in [
      ("files.state", paths.stateDirectory, UInt32(0o700)), ("files.run", paths.runDirectory, 0o700),
      ("files.socket", paths.socket, 0o600), ("files.gate", state + "/gate", 0o600),
      ("files.keystore", state + "/keystore", 0o600),
    ] {
      if let diagnosis = access(name, path, bits) { found.append(diagnosis) }
    }
    if !isRunning {
      found += leftovers()
      if let diagnosis = tornLog() { found.append(diagnosis) }
    }
    return found + rings()
  }

  /// Others must not read or write there.
  private func access(_ name: String, _ path: String, _ bits: UInt32) -> Diagnosis? {
    guard let mode = MachineFacts.mode(of: path) else { return nil }
    if mode.owner != ProcessIdentity.user {
      return Diagnosis(
        name, .fail, "\(path) belongs to user \(mode.owner)", fix: "chown \(ProcessIdentity.user) \(path)")
    }
    guard mode.bits & 0o077 != 0 else {
      return Diagnosis(name, .ok, "\(path), mode \(String(mode.bits, radix: 8))")
    }
    let wanted = String(bits, radix: 8)
    // A socket's mode cannot be set through a descriptor; the next start makes it anew.
    let repair: Diagnosis.Repair? = name == "files.socket" ? nil : .setMode(path, bits)
    return Diagnosis(
      name, .fail, "\(path) is open to others: mode \(String(mode.bits, radix: 8))", fix: "chmod \(wanted) \(path)",
      repair: repair)
  }

  /// Of an engine that was killed: its socket and process number. Both keep nobody out, but nothing answers there.
  private func leftovers() -> [Diagnosis] {
    ["pid", "oms.sock"].compactMap { name in
      let path = paths.runDirectory + "/" + name
      guard disk.exists(path) else { return nil }
      return Diagnosis(
        "files.leftover", .warn, "\(path) is of an engine that was killed",
        fix: "start the engine: it goes on from what is left; or remove it", repair: .remove(path))
    }
  }

  /// A last line without its end.
  private func tornLog() -> Diagnosis? {
    let directory = paths.currentLogDirectory
    guard let name = (try? disk.list(directory))?.last(where: { $0.hasPrefix("events-") && $0.hasSuffix(".jsonl") }),
      let file = try? disk.open(directory + "/" + name, .read)
    else { return nil }
    defer { try? disk.close(file) }
    guard let size = try? disk.size(file), size > 0 else { return nil }
    var last: [UInt8] = [0]
    let count = unsafe last.withUnsafeMutableBytes { unsafe (try? disk.read(file, into: $0, at: size - 1)) ?? 0 }
    return .of(
      "files.log", count == 1 && last[0] == UInt8(ascii: "\n"), "\(directory)/\(name)",
      fix: "its last line is torn; the next start writes it again from the journal")
  }

  private func rings() -> [Diagnosis] {
    let rings = AbandonedRing.all()
    guard !rings.isEmpty else { return [Diagnosis("files.rings", .ok, "no ring of a dead engine in /dev/shm")] }
    return rings.map { ring in
      let start = "start instance '\(ring.instance)' again: it takes the records over"
      guard let count = ring.unwrittenBytes else {
        return Diagnosis("files.rings", .warn, "\(ring.path) is of a dead engine of another build", fix: start)
      }
      guard ring.isSpent else {
        return Diagnosis(
          "files.rings", .warn, "\(ring.path) is of a dead engine; \(count) bytes are nowhere else", fix: start)
      }
      // Of other instances nothing is touched: their engines may be about to start.
      let isOurs = ring.instance == paths.instance
      return Diagnosis(
        "files.rings", .warn, "\(ring.path) is of a dead engine; the disk has all of it",
        fix: isOurs ? "rm \(ring.path)" : "oms doctor -I \(ring.instance) --fix",
        repair: isOurs ? .remove(ring.path) : nil)
    }
  }

  /// What starts the engine by itself, and whether somebody looks after it.
  package static func schedule(home: String?) -> [Diagnosis] {
    guard KernelFileSystem().exists("/run/systemd/system") else {
      return [Diagnosis("schedule.units", .ok, "this machine has no systemd")]
    }
    let folders =
      ["/etc/systemd/system", "/usr/lib/systemd/system"] + (home.map { [$0 + "/.config/systemd/user"] } ?? [])
    let units = folders.flatMap { folder in
      ((try? KernelFileSystem().list(folder)) ?? []).filter { $0.hasPrefix("oms") && $0.hasSuffix(".service") }
        .map { "\(folder)/\($0)" }
    }
    guard !units.isEmpty else {
      return [
        Diagnosis("schedule.units", .warn, "no unit starts oms", fix: "write one: Type=notify, ExecStart=oms run")
      ]
    }
    return units.map { unit in
      .of(
        "schedule.watchdog", MachineFacts.text(unit)?.contains("WatchdogSec=") == true, unit,
        fix: "add WatchdogSec=10 to the unit")
    }
  }
}
