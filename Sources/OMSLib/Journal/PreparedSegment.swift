/// The next segment in the making: a file with a temporary name, filled with zeros a piece at a time.
///
/// Owner: ``JournalWriter``. Its descriptor and its room on the disk are there before they are needed.
struct PreparedSegment<FS: FileSystem>: ~Copyable {
  private let fileSystem: FS
  private var file: FS.File?
  private var path = ""
  private var filled = 0
  private var isSynced = false

  /// Zeros written per call: a fraction of a millisecond.
  private static var step: Int { 1 << 20 }

  init(fileSystem: FS) { self.fileSystem = fileSystem }

  deinit { close() }

  /// Goes on filling. `false` when it is ready.
  mutating func advance(directory: String, length: Int) throws(SystemError) -> Bool {
    if isSynced { return false }
    do throws(SystemError) {
      let file = try opened(in: directory)
      if filled < length {
        filled = min(length, filled + Self.step)
        try fileSystem.allocate(file, to: Int64(filled))
      } else {
        try fileSystem.synchronize(file)
        isSynced = true
      }
      return true
    } catch {
      discard()
      throw error
    }
  }

  /// Hands out the file, zero-filled to `length`, under the name ``SegmentName/prepared`` in `directory`.
  mutating func take(directory: String, length: Int) throws(SystemError) -> FS.File {
    if path != directory + "/" + SegmentName.prepared { discard() }
    do throws(SystemError) {
      let file = try opened(in: directory)
      if filled < length { try fileSystem.allocate(file, to: Int64(length)) }
      self.file = nil
      path = ""
      filled = 0
      isSynced = false
      return file
    } catch {
      discard()
      throw error
    }
  }

  /// Removes what was prepared, as far as the disk lets it; recovery removes the rest.
  mutating func discard() {
    close()
    if !path.isEmpty {
      do throws(SystemError) { try fileSystem.remove(path) } catch {}
    }
    file = nil
    path = ""
    filled = 0
    isSynced = false
  }

  private mutating func opened(in directory: String) throws(SystemError) -> FS.File {
    if let file { return file }
    let path = directory + "/" + SegmentName.prepared
    let new = try fileSystem.open(path, [.read, .write, .create, .truncate])
    self.path = path
    file = new
    filled = 0
    return new
  }

  private func close() {
    guard let file else { return }
    do throws(SystemError) { try fileSystem.close(file) } catch {}
  }
}
