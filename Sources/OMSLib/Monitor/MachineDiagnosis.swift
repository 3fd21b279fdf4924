/// What `oms doctor` says about the machine, the limits of the process and the clock.
package enum MachineDiagnosis {
  package static func machine() -> [Diagnosis] {
    func read(_ path: String) -> String { MachineFacts.text(path) ?? "" }
    let cpu = "/sys/devices/system/cpu"
    let isolated = read("\(cpu)/isolated")
    let governor = read("\(cpu)/cpu0/cpufreq/scaling_governor")
    let clock = read("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    let swapped = swapUsed(MachineFacts.text("/proc/meminfo") ?? "")
    return [
      Diagnosis("machine.kernel", .ok, "Linux \(read("/proc/sys/kernel/osrelease"))"),
      Diagnosis(
        "machine.cores", .ok, "CPUs \(read("\(cpu)/online")), NUMA nodes \(read("/sys/devices/system/node/online"))"),
      .of(
        "machine.isolation", !isolated.isEmpty,
        isolated.isEmpty ? "no CPU is isolated" : "CPUs \(isolated) are isolated",
        fix: "add isolcpus=N to the kernel's command line and give N to --cpu"),
      .of(
        "machine.governor", governor.isEmpty || governor == "performance",
        governor.isEmpty ? "not the kernel's to choose" : governor, fix: "cpupower frequency-set -g performance"),
      .of(
        "machine.smt", read("\(cpu)/smt/active") != "1",
        read("\(cpu)/smt/active") == "1" ? "siblings share cores" : "no shared cores",
        fix: "leave the sibling of the hot thread's CPU idle, or switch SMT off"),
      .of(
        "machine.clock_source", ["", "tsc", "kvm-clock", "arch_sys_counter"].contains(clock),
        clock.isEmpty ? "not told" : clock, fix: "boot with clocksource=tsc"),
      .of(
        "machine.swap", swapped == 0, swapped == 0 ? "none in use" : "\(swapped) KiB in use",
        fix: "swapoff -a, or raise memlock so that the engine locks its memory"),
    ]
  }

  /// KiB, of the text of `/proc/meminfo` with single spaces.
  static func swapUsed(_ text: String) -> Int64 {
    let words = text.split(separator: " ")
    func value(_ key: Substring) -> Int64 {
      guard let index = words.firstIndex(of: key), index + 1 < words.count else { return 0 }
      return Int64(words[index + 1]) ?? 0
    }
    return value("SwapTotal:") - value("SwapFree:")
  }

  package static func limits(state: String, clock: SystemClock) -> [Diagnosis] {
    var found: [Diagnosis] = []
    func limit(_ name: String, _ limit: MachineFacts.Limit, _ least: Int64, fix: String) {
      guard let value = MachineFacts.limit(limit) else { return }
      found.append(.of(name, value >= least, value == .max ? "unlimited" : "\(value)", fix: fix))
    }
    limit("limits.memlock", .lockedBytes, 1 << 28, fix: "LimitMEMLOCK=infinity in the unit, or ulimit -l unlimited")
    limit("limits.nofile", .files, 1_024, fix: "LimitNOFILE=65536 in the unit, or ulimit -n 65536")
    limit("limits.rtprio", .realTimePriority, 1, fix: "LimitRTPRIO=50 in the unit")
    let place = MachineFacts.existing(state)
    for (name, path, least) in [("limits.shm", "/dev/shm", Int64(1) << 28), ("limits.disk", place, Int64(1) << 30)] {
      guard let disk = MachineFacts.disk(path) else { continue }
      let detail = "\(disk.free >> 20) MiB of \(disk.size >> 20) MiB are free in \(path)"
      let isLow = disk.free < least
      found.append(
        Diagnosis(
          name, disk.free < least / 8 ? .fail : isLow ? .warn : .ok, detail,
          fix: isLow ? "make room in \(path), or enlarge it" : nil))
    }
    if let diagnosis = syncTime(state, clock) { found.append(diagnosis) }
    return found
  }

  /// How long the disk takes for one small write; only where a state directory is.
  private static func syncTime(_ state: String, _ clock: SystemClock) -> Diagnosis? {
    guard KernelFileSystem().exists(state) else { return nil }
    let path = "\(state)/.doctor-\(ProcessIdentity.number)"
    let begin = clock.monotonic()
    do throws(SystemError) {
      try ScratchFile.write([0], to: path, under: state)
    } catch {
      return Diagnosis(
        "limits.sync", .fail, "\(state) takes no file: \(error.call), errno \(error.errno)", fix: "make it writable")
    }
    let time = clock.monotonic() - begin
    try? KernelFileSystem().remove(path)
    return .of(
      "limits.sync", time < 20_000_000, "a write is on the disk after \(time / 1_000) us",
      fix: "keep the state on a faster disk (--state DIR)")
  }

  package static func clock() -> [Diagnosis] {
    guard let clock = MachineFacts.clockState() else {
      return [
        Diagnosis("clock.synchronised", .warn, "the kernel does not tell", fix: "chronyc tracking on the host")
      ]
    }
    let error = DurationText.text(nanoseconds: clock.errorNanoseconds)
    return [
      .of(
        "clock.synchronised", clock.isSynchronised,
        clock.isSynchronised ? "error at most \(error)" : "not synchronised",
        fix: "start chronyd or systemd-timesyncd")
    ]
  }
}
