internal import CCore

/// A closed segment under zstd: frames of about a megabyte that end with a record, then an index in a skippable frame,
/// so that the standard tool expands the file and a reader finds its place without it.
struct CompressedIndex: Equatable, Sendable {
  struct Block: Equatable, Sendable {
    var firstLsn: UInt64
    /// In the plain segment.
    var offset: UInt64
    var byteCount: UInt32
    /// In the compressed file.
    var compressedOffset: UInt64
    var compressedBytes: UInt32
  }

  static let magic: UInt64 = 0x4F4D_534A_5A49_4458
  static let frameMagic: UInt32 = 0x184D_2A50
  static let entryBytes = 32
  static let footerBytes = 24
  static let blockBytes = 1 << 20
  static let level: Int32 = 3

  var blocks: [Block] = []

  var byteCount: Int { blocks.last.map { Int($0.offset) + Int($0.byteCount) } ?? 0 }

  /// The block that holds the byte at `offset` of the plain segment.
  func block(at offset: Int) -> Block? {
    var low = 0
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      let block = blocks[middle]
      if offset < Int(block.offset) {
        high = middle
      } else if offset >= Int(block.offset) + Int(block.byteCount) {
        low = middle + 1
      } else {
        return block
      }
    }
    return nil
  }

  /// The index as the bytes of its frame.
  func encode() -> [UInt8] {
    let payload = blocks.count * Self.entryBytes + Self.footerBytes
    var bytes = [UInt8](repeating: 0, count: 8 + payload)
    unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe bytes.storeBytes(of: Self.frameMagic, toByteOffset: 0, as: UInt32.self)
      unsafe bytes.storeBytes(of: UInt32(payload), toByteOffset: 4, as: UInt32.self)
      var at = 8
      for block in blocks {
        unsafe bytes.storeBytes(of: block.firstLsn, toByteOffset: at, as: UInt64.self)
        unsafe bytes.storeBytes(of: block.offset, toByteOffset: at + 8, as: UInt64.self)
        unsafe bytes.storeBytes(of: block.compressedOffset, toByteOffset: at + 16, as: UInt64.self)
        unsafe bytes.storeBytes(of: block.byteCount, toByteOffset: at + 24, as: UInt32.self)
        unsafe bytes.storeBytes(of: block.compressedBytes, toByteOffset: at + 28, as: UInt32.self)
        at += Self.entryBytes
      }
      unsafe bytes.storeBytes(of: UInt64(byteCount), toByteOffset: at, as: UInt64.self)
      unsafe bytes.storeBytes(of: UInt32(blocks.count), toByteOffset: at + 8, as: UInt32.self)
      let crc = unsafe cc_crc32c(0, bytes.baseAddress, at + 12)
      unsafe bytes.storeBytes(of: crc, toByteOffset: at + 12, as: UInt32.self)
      unsafe bytes.storeBytes(of: Self.magic, toByteOffset: at + 16, as: UInt64.self)
    }
    return bytes
  }

  /// Reads the index at the end of a file. Every number is checked: blocks follow each other without a hole.
  static func load<FS: FileSystem>(_ fileSystem: FS, _ file: FS.File, path: String) throws(JournalError) -> Self {
    do throws(SystemError) {
      let size = Int(try fileSystem.size(file))
      guard size >= footerBytes + 8 else { throw SystemError(errno: 0, call: "index") }
      var footer = [UInt8](repeating: 0, count: footerBytes)
      _ = try read(fileSystem, file, into: &footer, at: size - footerBytes)
      let count = Int(unsafe footer.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) })
      let frameBytes = 8 + count * entryBytes + footerBytes
      guard count > 0, frameBytes <= size else { throw SystemError(errno: 0, call: "index") }
      var frame = [UInt8](repeating: 0, count: frameBytes)
      _ = try read(fileSystem, file, into: &frame, at: size - frameBytes)
      guard let index = decode(frame, count: count, dataBytes: size - frameBytes) else {
        throw SystemError(errno: 0, call: "index")
      }
      return index
    } catch {
      if error.errno == 0 { throw .corruptHeader(file: path, why: "index of the compressed segment is damaged") }
      throw .system(file: path, error)
    }
  }

  private static func read<FS: FileSystem>(
    _ fileSystem: FS, _ file: FS.File, into bytes: inout [UInt8], at offset: Int
  ) throws(SystemError) -> Int {
    var result: Result<Int, SystemError> = .success(0)
    unsafe bytes.withUnsafeMutableBytes { buffer in
      do throws(SystemError) {
        result = .success(try unsafe fileSystem.read(file, into: buffer, at: Int64(offset)))
      } catch { result = .failure(error) }
    }
    return try result.get()
  }

  private static func decode(_ frame: [UInt8], count: Int, dataBytes: Int) -> Self? {
    unsafe frame.withUnsafeBytes { bytes -> Self? in
      let footer = bytes.count - footerBytes
      guard unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self) == frameMagic,
        unsafe bytes.loadUnaligned(fromByteOffset: footer + 16, as: UInt64.self) == magic,
        unsafe bytes.loadUnaligned(fromByteOffset: footer + 12, as: UInt32.self)
          == cc_crc32c(0, bytes.baseAddress, footer + 12)
      else { return nil }
      var index = Self()
      var plain: UInt64 = 0
      var packed: UInt64 = 0
      for entry in 0..<count {
        let at = 8 + entry * entryBytes
        let block = unsafe Block(
          firstLsn: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self),
          offset: bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self),
          byteCount: bytes.loadUnaligned(fromByteOffset: at + 24, as: UInt32.self),
          compressedOffset: bytes.loadUnaligned(fromByteOffset: at + 16, as: UInt64.self),
          compressedBytes: bytes.loadUnaligned(fromByteOffset: at + 28, as: UInt32.self))
        guard block.offset == plain, block.compressedOffset == packed, block.byteCount > 0,
          Int(block.byteCount) <= blockBytes, block.compressedBytes > 0
        else { return nil }
        plain += UInt64(block.byteCount)
        packed += UInt64(block.compressedBytes)
        guard packed <= UInt64(dataBytes) else { return nil }
        index.blocks.append(block)
      }
      return packed == UInt64(dataBytes) ? index : nil
    }
  }
}
