/// Reads an index of ids as it lies on the disk, without changing anything: for people, beside an engine or without one.
package enum IDIndexVerify {
  /// One run, and what is wrong with it.
  package struct Finding: Sendable {
    package var file: String
    package var from: UInt64
    package var to: UInt64
    package var count: Int
    /// `nil`: it is sound.
    package var error: IDIndexError?
  }

  package static func run<FS: FileSystem>(
    _ fileSystem: FS, directory: String, identity: JournalIdentity
  ) -> [Finding] {
    guard let names = try? fileSystem.list(directory) else { return [] }
    var findings: [Finding] = []
    for file in names {
      guard let name = IDRunName(file: file) else { continue }
      let path = directory + "/" + file
      var finding = Finding(file: path, from: name.from, to: name.to, count: 0)
      do throws(IDIndexError) {
        let run = try IDRun.open(fileSystem, path: path, identity: identity)
        finding.count = run.count
        try run.verify()
      } catch {
        // Merged away since it was listed.
        guard fileSystem.exists(path) else { continue }
        finding.error = error
      }
      findings.append(finding)
    }
    return findings
  }
}
