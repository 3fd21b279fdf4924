internal import CCore

/// The bytes of one segment, plain or compressed, in windows of a quarter of a megabyte: they stay in the cache.
///
/// Owner: one reader. Views are valid until the next call.
@safe struct SegmentSource<FS: FileSystem>: ~Copyable {
  let path: String
  let name: SegmentName
  /// Of the plain form. A live segment keeps the size it was made with.
  let byteCount: Int
  private let fileSystem: FS
  private let file: FS.File
  private let index: CompressedIndex?
  private let buffer: UnsafeMutableRawBufferPointer
  private var packed: [UInt8] = []
  private var start = 0
  private var filled = 0

  private static var windowBytes: Int { 1 << 18 }

  static func open(_ fileSystem: FS, path: String, name: SegmentName) throws(JournalError) -> Self {
    let file: FS.File
    do throws(SystemError) { file = try fileSystem.open(path, [.read]) } catch { throw .system(file: path, error) }
    do throws(JournalError) {
      if name.isCompressed {
        let index = try CompressedIndex.load(fileSystem, file, path: path)
        return Self(fileSystem, file, path: path, name: name, byteCount: index.byteCount, index: index)
      }
      let byteCount: Int64
      do throws(SystemError) { byteCount = try fileSystem.size(file) } catch { throw .system(file: path, error) }
      return Self(fileSystem, file, path: path, name: name, byteCount: Int(byteCount), index: nil)
    } catch {
      do throws(SystemError) { try fileSystem.close(file) } catch {}
      throw error
    }
  }

  private init(
    _ fileSystem: FS, _ file: FS.File, path: String, name: SegmentName, byteCount: Int, index: CompressedIndex?
  ) {
    self.fileSystem = fileSystem
    self.file = file
    self.path = path
    self.name = name
    self.byteCount = byteCount
    self.index = index
    let bytes = name.isCompressed ? CompressedIndex.blockBytes : Self.windowBytes
    unsafe buffer = .allocate(byteCount: min(bytes, max(byteCount, SegmentHeader.bytes)), alignment: 4_096)
  }

  deinit {
    unsafe buffer.deallocate()
    do throws(SystemError) { try fileSystem.close(file) } catch {}
  }

  /// Forgets what was read: the file may have changed.
  mutating func forget() { filled = 0 }

  /// The bytes from `offset` on: `count` at least, fewer only at the end of the segment.
  @inline(__always)
  mutating func view(at offset: Int, atLeast count: Int) throws(JournalError) -> UnsafeRawBufferPointer {
    precondition(offset >= 0 && count <= JournalFormat.recordBytes, "a view never needs more than a record")
    let behind = start + filled
    if offset < start || offset + min(count, byteCount - offset) > behind { try fill(at: offset) }
    let skip = offset - start
    guard skip >= 0, skip < filled else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeRawBufferPointer(rebasing: buffer[skip..<filled])
  }

  private mutating func fill(at offset: Int) throws(JournalError) {
    start = offset
    filled = 0
    guard offset < byteCount else { return }
    if let index {
      try expand(index, at: offset)
      return
    }
    do throws(SystemError) {
      filled = try unsafe fileSystem.read(file, into: buffer, at: Int64(offset))
    } catch {
      throw .system(file: path, SystemError(errno: error.errno, call: "pread at offset \(offset)"))
    }
  }

  /// Expands the block that holds `offset`. Blocks end with a record, so no record needs two.
  private mutating func expand(_ index: CompressedIndex, at offset: Int) throws(JournalError) {
    guard let block = index.block(at: offset) else { return }
    let count = Int(block.compressedBytes)
    if packed.count < count { packed = [UInt8](repeating: 0, count: count) }
    var outcome: Result<Int, SystemError> = .success(0)
    let (fileSystem, file, buffer) = unsafe (self.fileSystem, self.file, self.buffer)
    unsafe packed.withUnsafeMutableBytes { packed in
      do throws(SystemError) {
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: packed[0..<count])
        let read = try unsafe fileSystem.read(file, into: target, at: Int64(block.compressedOffset))
        guard read == count else { throw SystemError(errno: 5, call: "pread: file ends early") }
        outcome = .success(
          Int(unsafe cc_zstd_expand(packed.baseAddress, count, buffer.baseAddress, buffer.count)))
      } catch { outcome = .failure(error) }
    }
    switch outcome {
    case .failure(let error): throw .system(file: path, error)
    case .success(let made):
      guard made == Int(block.byteCount) else {
        throw .corrupt(
          JournalPlace(file: path, offset: Int64(block.compressedOffset), lsn: block.firstLsn), .body)
      }
      start = Int(block.offset)
      filled = made
    }
  }
}
