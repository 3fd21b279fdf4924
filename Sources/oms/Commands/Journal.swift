import OMSLib

/// `oms journal verify`: reads every record of a journal and says what is wrong with it.
struct JournalVerifyCommand: Command {
  static let spec = CommandSpec(
    "journal verify", group: .audit, summary: "Check every record of a journal",
    details: """
      Needs no engine, and harms none that runs. One `check` per segment, per run of the index of used ids beside it, \
      and per finding. 0 when sound, 41 when something is corrupt; a torn end, as a power cut leaves it, is a warning: \
      the next start cuts it.
      """,
    examples: [
      .init("oms journal verify", "the journal of the instance"),
      .init("oms journal verify -q && echo sound", "a test"),
      .init("oms journal verify /backup/journal", "a copy", needs: "a copy of a journal"),
    ],
    arguments: [ArgumentSpec("DIR", .directory, .optional, help: "The directory of the segments")],
    objects: ["check"], exits: [.notFound, .drift], seeAlso: ["journal dump", "reconcile"])

  private let directory: String?

  init(_ line: ParsedLine) throws(ErrorObject) { directory = line.arguments.words.first }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let options = try context.journalOptions(directory)
    let result = JournalVerify.run(fileSystem: KernelFileSystem(), options: options)
    for segment in result.segments {
      let state = segment.isClosed ? "closed" : "open"
      try context.showCheck(
        segment.file, "ok", "\(segment.recordCount) records, \(segment.firstLsn) to \(segment.lastLsn), \(state)")
    }
    for finding in result.findings {
      let status =
        switch finding.kind {
        case .corrupt: "fail"
        case .torn: "warn"
        case .remark: "ok"
        }
      try context.showCheck(finding.place.description, status, finding.what)
    }
    let areIDsSound = try verifyIDs(options, &context)
    return result.isSound && areIDsSound ? .ok : ExitStatus(.drift)
  }
}

extension JournalVerifyCommand {
  /// The index of used ids that stands beside the journal.
  private func verifyIDs(
    _ options: JournalOptions, _ context: inout CommandContext
  ) throws(ErrorObject) -> Bool {
    let directory = options.directory + "/../ids"
    var isSound = true
    for run in IDIndexVerify.run(KernelFileSystem(), directory: directory, identity: options.identity) {
      let what = "\(run.count) ids of orders that ended in records \(run.from + 1) to \(run.to)"
      try context.showCheck(run.file, run.error == nil ? "ok" : "fail", run.error.map { "\($0)" } ?? what)
      if run.error != nil { isSound = false }
    }
    return isSound
  }
}

/// `oms journal dump`: the records of a journal as JSON lines.
struct JournalDumpCommand: Command {
  static let spec = CommandSpec(
    "journal dump", group: .audit, summary: "Print the records of a journal",
    details: "Needs no engine. Records that are not durable yet are not shown.",
    examples: [
      .init("oms journal dump --after 1200 --take 10", "ten records behind number 1200"),
      .init("oms journal dump --take 5 -o tsv --fields lsn,record", "two fields"),
      .init("oms journal dump /backup/journal", "of a copy", needs: "a copy of a journal"),
    ],
    arguments: [ArgumentSpec("DIR", .directory, .optional, help: "The directory of the segments")],
    flags: [
      .value("after", .count, "LSN", "From behind this record on", default: "0"),
      .value("take", .count, nil, "End after this many"),
    ],
    objects: ["record"], exits: [.notFound, .drift], seeAlso: ["journal verify", "events"])

  private let directory: String?
  private let after: UInt64
  private let take: Int

  init(_ line: ParsedLine) throws(ErrorObject) {
    directory = line.arguments.words.first
    after = UInt64(line.arguments.integer("after") ?? 0)
    take = line.arguments.integer("take") ?? .max
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let options = try context.journalOptions(directory)
    var dump = JournalDump()
    var tailer = JournalTailer(fileSystem: KernelFileSystem(), options: options, after: after)
    var writer = JSONWriter(capacity: 8192)
    var count = 0
    while count < take, !context.output.isClosed, !context.output.isFull {
      do throws(JournalError) {
        guard let record = try tailer.next() else { break }
        dump.write(record, to: &writer)
      } catch {
        throw ErrorObject("drift.journal", .drift, "\(error)", hint: "oms journal verify")
      }
      try context.output.take(writer.bytes.dropLast())
      writer.removeAll()
      count += 1
    }
    return .ok
  }
}

extension CommandContext {
  /// The journal to look at: `directory`, or that of the instance.
  func journalOptions(_ directory: String?) throws(ErrorObject) -> JournalOptions {
    let directory = directory ?? paths.currentStateDirectory + "/journal"
    do throws(JournalError) {
      if let identity = try JournalIdentity.found(in: directory, KernelFileSystem()) {
        return JournalOptions(directory: directory, identity: identity)
      }
    } catch {
      throw ErrorObject("drift.journal", .drift, "\(error)")
    }
    throw ErrorObject("notfound.journal", .notFound, "there is no journal in \(directory)", hint: "oms path state")
  }

  mutating func showCheck(_ name: String, _ status: String, _ detail: String) throws(ErrorObject) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "check")
    writer.member("v", 1)
    writer.member("ts", now)
    writer.member("name", name)
    writer.member("status", status)
    writer.member("detail", detail)
    writer.memberNull("fix")
    writer.memberNull("ms")
    writer.endObject()
    try output.take(writer.bytes)
  }
}
