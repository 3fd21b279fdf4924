extension JournalIdentity {
  /// Whose journal lies in `directory`, as its first readable segment says; `nil` when there is none. For tools that
  /// look at files, not for an engine: that one knows who it is.
  package static func found<FS: FileSystem>(in directory: String, _ fileSystem: FS) throws(JournalError) -> Self? {
    var failure: JournalError?
    for name in try SegmentSet.names(fileSystem, in: directory) {
      do throws(JournalError) {
        return try SegmentEntry.load(fileSystem, path: directory + "/" + name.file, name: name).header.identity
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return nil
  }
}
