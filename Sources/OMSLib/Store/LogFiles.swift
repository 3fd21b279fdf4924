/// Files of lines that begin anew with each UTC day: `events-20261120.jsonl`.
package enum LogFiles {
  private static let dayNanoseconds: Int64 = 86_400_000_000_000

  /// Days since 1970.
  package static func day(_ utc: UTCTime) -> Int64 { TimeText.day(of: utc).nanoseconds / dayNanoseconds }

  package static func name(_ stem: String, day: Int64) -> String {
    let time = CivilTime(UTCTime(nanoseconds: day * dayNanoseconds))
    func padded(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(stem)-\(padded(time.year, 4))\(padded(time.month, 2))\(padded(time.day, 2)).jsonl"
  }

  /// Oldest first. With `since`, without the days that ended before it.
  package static func names<FS: FileSystem>(
    _ stem: String, _ fileSystem: FS, _ directory: String, since: UTCTime? = nil
  ) throws(SystemError) -> [String] {
    let first = since.map { name(stem, day: day($0)) } ?? ""
    return try fileSystem.list(directory).filter {
      $0.hasPrefix(stem + "-") && $0.hasSuffix(".jsonl") && $0 >= first
    }
  }

  /// Removes files of days that ended before `time`, never `current`. Returns their names.
  package static func prune<FS: FileSystem>(
    _ stem: String, _ fileSystem: FS, _ directory: String, before time: UTCTime, except current: String?
  ) throws(SystemError) -> [String] {
    let limit = name(stem, day: day(time))
    let old = try names(stem, fileSystem, directory).filter { $0 < limit && $0 != current }
    for name in old { try fileSystem.remove(directory + "/" + name) }
    return old
  }
}
