internal import Glibc

/// What part of trading a gate slot shuts, by name: numbers differ between journals, names do not.
package struct GateScope: Hashable, Sendable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    case everything = 1
    case venue = 2
    case account = 3
    case symbol = 4
    case strategy = 5
  }

  package var kind: Kind
  package var name: String

  package init(_ kind: Kind, _ name: String = "") {
    self.kind = kind
    self.name = name
  }

  package static let everything = GateScope(.everything)

  /// What is shut instead when this scope finds no slot or its name is too long for one.
  var wider: GateScope {
    guard kind == .account, let dot = name.firstIndex(of: ".") else { return .everything }
    return GateScope(.venue, String(name[..<dot]))
  }
}

package struct GateEntry: Equatable, Sendable {
  package var scope: GateScope
  package var state: TradingState
  /// The first 16 bytes of it; the event log has the whole.
  package var reason: String
  package var user: UInt32
  package var seconds: UInt32

  package init(scope: GateScope, state: TradingState, reason: String, user: UInt32, seconds: UInt32) {
    self.scope = scope
    self.state = state
    self.reason = reason
    self.user = user
    self.seconds = seconds
  }
}

package enum GateError: Error, Equatable, Sendable {
  case system(SystemError)
  /// Short, foreign or damaged: reads as halted until everything is set anew.
  case damaged
}

/// The gate: a file of 64-byte slots that says what may trade, changed in place under a lock.
///
/// It works without an engine, so that trading can always be stopped; and it is never mapped, so that a truncation
/// cannot raise a signal. Slot 0 is the head: magic and a generation that every change raises. A free slot is zero.
package struct GateFile<FS: FileSystem> {
  package let path: String
  private let fileSystem: FS

  package init(fileSystem: FS, path: String) {
    self.fileSystem = fileSystem
    self.path = path
  }

  package var exists: Bool { fileSystem.exists(path) }

  /// Makes the file unless there is one: open for all trading or, where there should be one, shut. One of no length
  /// is damaged like any other: whoever cut it may have meant to stop something.
  package func createIfMissing(as state: TradingState = .on, seconds: UInt32 = 0) throws(GateError) {
    guard !exists else { return }
    let everything = GateEntry(
      scope: .everything, state: state, reason: "gate was missing", user: 0, seconds: seconds)
    try locked([.read, .write, .create]) { (file) throws(GateError) in
      var image = try read(file)
      // Made by somebody else meanwhile.
      guard image.isEmpty else { return }
      try clear(&image, file)
      try place(everything, &image, file)
      try seal(&image, file, isNew: true)
    }
  }

  /// Makes the file of the instance in `stateDirectory` if it is missing: open for one that never ran, shut where there
  /// is a journal, for then nobody knows any more what the file said. Returns whether it was lost in this way.
  @discardableResult
  package static func prepare(
    _ fileSystem: FS, in stateDirectory: String, seconds: UInt32
  ) throws(GateError) -> Bool {
    let file = GateFile(fileSystem: fileSystem, path: stateDirectory + "/gate")
    guard !file.exists else { return false }
    // A directory that cannot be read stops the start later, with its own words.
    let hasRun = (try? fileSystem.list(stateDirectory + "/journal"))?.isEmpty == false
    try file.createIfMissing(as: hasRun ? .halted : .on, seconds: seconds)
    return hasRun
  }

  /// Sets `scope` to `state`; `on` takes its slot away. Answers with the scope that was really set: a wider one when
  /// there was no room for it.
  @discardableResult
  package func set(
    _ scope: GateScope, _ state: TradingState, reason: String, user: UInt32, seconds: UInt32
  ) throws(GateError) -> GateScope {
    try locked([.read, .write, .create]) { (file) throws(GateError) in
      var image = try read(file)
      let isDamaged = GateImage.flaw(in: image) != nil
      if isDamaged {
        // Damaged reads as halted, so only what is at least as strict, or said for everything, may start anew.
        guard scope.kind == .everything || state != .on else { throw .damaged }
        try clear(&image, file)
        if scope.kind != .everything {
          try place(
            GateEntry(scope: .everything, state: .halted, reason: "gate was damaged", user: user, seconds: seconds),
            &image, file)
        }
      }
      let placed = try place(
        GateEntry(scope: scope, state: state, reason: reason, user: user, seconds: seconds), &image, file)
      try seal(&image, file, isNew: isDamaged)
      return placed
    }
  }

  package func entries() throws(GateError) -> [GateEntry] {
    // Under the lock, so that a change is seen whole.
    try locked([.read, .write]) { (file) throws(GateError) in
      let image = try read(file)
      guard GateImage.flaw(in: image) == nil else { throw .damaged }
      return GateImage.entries(in: image)
    }
  }

  // MARK: Insides

  /// Opens the file and hands it to `body`, alone with it until it is closed.
  private func locked<R>(
    _ options: FileOptions, _ body: (FS.File) throws(GateError) -> R
  ) throws(GateError) -> R {
    let file = try system { () throws(SystemError) in try fileSystem.open(path, options) }
    let result: Result<R, GateError>
    do throws(GateError) {
      try system { () throws(SystemError) in try fileSystem.lock(file) }
      result = .success(try body(file))
    } catch {
      result = .failure(error)
    }
    // What was written is synced: a failure to close takes nothing back.
    do throws(SystemError) { try fileSystem.close(file) } catch {}
    return try result.get()
  }

  private func system<R>(_ body: () throws(SystemError) -> R) throws(GateError) -> R {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
  }

  /// Writes the slot of `entry`, or takes it away. ``seal(_:_:isNew:)`` makes it count.
  @discardableResult
  private func place(_ entry: GateEntry, _ image: inout [UInt8], _ file: FS.File) throws(GateError) -> GateScope {
    var entry = entry
    while true {
      if let slot = GateImage.slot(for: entry.scope, in: image) {
        let bytes =
          entry.state == .on ? [UInt8](repeating: 0, count: GateImage.slotBytes) : GateImage.encode(entry)
        let start = slot * GateImage.slotBytes
        image.replaceSubrange(start..<start + GateImage.slotBytes, with: bytes)
        try system { () throws(SystemError) in try write(bytes, at: start, file) }
        break
      }
      // Nothing to take away.
      if entry.state == .on { break }
      precondition(entry.scope.kind != .everything, "slot 1 is kept for everything")
      entry.scope = entry.scope.wider
    }
    return entry.scope
  }

  /// Writes the head: what the slots say counts from here on.
  ///
  /// The head of a new image is what makes it one, so it waits for the slots to be on the disk; before that the file
  /// reads as damaged, and never as open.
  private func seal(_ image: inout [UInt8], _ file: FS.File, isNew: Bool) throws(GateError) {
    GateImage.raiseGeneration(&image)
    let head = Array(image[0..<GateImage.slotBytes])
    try system { () throws(SystemError) in
      if isNew { try fileSystem.synchronize(file) }
      try write(head, at: 0, file)
      try fileSystem.synchronize(file)
      // Its name too: one that a power cut took away would be missing.
      try fileSystem.synchronizeDirectory(parentPath(path))
    }
  }

  /// Empties a damaged image, the head first and for good: until it is sealed, the file stays damaged.
  private func clear(_ image: inout [UInt8], _ file: FS.File) throws(GateError) {
    let generation = Array((image + [UInt8](repeating: 0, count: GateImage.slotBytes))[8..<16])
    image = [UInt8](repeating: 0, count: GateImage.byteCount)
    try system { () throws(SystemError) in
      try write(Array(image[0..<GateImage.slotBytes]), at: 0, file)
      try fileSystem.allocate(file, to: Int64(GateImage.byteCount))
      try fileSystem.synchronize(file)
      try write(image, at: 0, file)
    }
    // Goes on counting: a reader that missed all this sees another number.
    image.replaceSubrange(8..<16, with: generation)
  }

  private func read(_ file: FS.File) throws(GateError) -> [UInt8] {
    try system { () throws(SystemError) in
      try GateImage.read(fileSystem, file, count: GateImage.byteCount)
    }
  }

  private func write(_ bytes: [UInt8], at offset: Int, _ file: FS.File) throws(SystemError) {
    try unsafe bytes.withUnsafeBytes { bytes in
      Result<Void, SystemError> { () throws(SystemError) in
        try unsafe fileSystem.write(file, bytes, at: Int64(offset))
      }
    }.get()
  }
}

extension GateFile: Sendable where FS: Sendable {}

extension GateFile where FS == KernelFileSystem {
  package init(path: String) { self.init(fileSystem: KernelFileSystem(), path: path) }
}

/// The bytes of a gate file: pure, for the writer, the reader and tests.
enum GateImage {
  static let slotBytes = 64
  static let slotCount = 1_024
  static let byteCount = slotBytes * slotCount
  static let magic: UInt64 = 0x3145_5441_4753_4D4F

  enum Flaw: Equatable, Sendable {
    case short
    case head
    case slot(Int)
  }

  static func flaw(in image: [UInt8]) -> Flaw? {
    guard image.count == GateImage.byteCount else { return .short }
    guard generation(in: image) != nil else { return .head }
    for slot in 1..<GateImage.slotCount {
      let start = slot * GateImage.slotBytes
      if image[start + 12] == 0 && image[start..<start + GateImage.slotBytes].allSatisfy({ $0 == 0 }) { continue }
      if decode(image[start..<start + GateImage.slotBytes]) == nil { return .slot(slot) }
    }
    return nil
  }

  static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    unsafe one.withUnsafeBytes { one in
      unsafe other.withUnsafeBytes { other in
        guard one.count == other.count, let left = one.baseAddress, let right = other.baseAddress else { return false }
        return unsafe memcmp(left, right, one.count) == 0
      }
    }
  }

  /// `nil` when the head is not one of ours.
  static func generation(in head: [UInt8]) -> UInt64? {
    guard head.count >= GateImage.slotBytes, word(head, 0) == GateImage.magic else { return nil }
    let crc = CRC32C.of(Array(head[0..<16]))
    return word(head, 16) == UInt64(crc) ? word(head, 8) : nil
  }

  static func raiseGeneration(_ image: inout [UInt8]) {
    let next = word(image, 8) &+ 1
    store(&image, 0, GateImage.magic)
    store(&image, 8, next)
    store(&image, 16, UInt64(CRC32C.of(Array(image[0..<16]))))
  }

  static func entries(in image: [UInt8]) -> [GateEntry] {
    (1..<GateImage.slotCount).compactMap { slot in
      decode(image[slot * GateImage.slotBytes..<(slot + 1) * GateImage.slotBytes])
    }
  }

  /// The slot that holds `scope`, or a free one for it. Slot 1 is kept for everything.
  static func slot(for scope: GateScope, in image: [UInt8]) -> Int? {
    if scope.kind == .everything { return 1 }
    guard scope.name.utf8.count <= 32, !scope.name.isEmpty else { return nil }
    var free: Int?
    for slot in 2..<GateImage.slotCount {
      let start = slot * GateImage.slotBytes
      if image[start + 12] == 0 {
        if free == nil { free = slot }
      } else if decode(image[start..<start + GateImage.slotBytes])?.scope == scope {
        return slot
      }
    }
    return free
  }

  static func encode(_ entry: GateEntry) -> [UInt8] {
    var slot = [UInt8](repeating: 0, count: GateImage.slotBytes)
    for byte in 0..<4 {
      slot[4 + byte] = UInt8(truncatingIfNeeded: entry.user >> UInt32(byte * 8))
      slot[8 + byte] = UInt8(truncatingIfNeeded: entry.seconds >> UInt32(byte * 8))
    }
    slot[12] = entry.scope.kind.rawValue
    slot[13] = entry.state.rawValue
    slot[14] = 1
    for (index, byte) in entry.scope.name.utf8.prefix(32).enumerated() { slot[16 + index] = byte }
    for (index, byte) in entry.reason.utf8.prefix(16).enumerated() { slot[48 + index] = byte }
    let crc = CRC32C.of(Array(slot[4...]))
    for byte in 0..<4 { slot[byte] = UInt8(truncatingIfNeeded: crc >> UInt32(byte * 8)) }
    return slot
  }

  static func decode(_ bytes: ArraySlice<UInt8>) -> GateEntry? {
    let slot = Array(bytes)
    guard let kind = GateScope.Kind(rawValue: slot[12]), let state = TradingState(rawValue: slot[13]) else {
      return nil
    }
    guard slot[14] == 1, half(slot, 0) == CRC32C.of(Array(slot[4...])) else { return nil }
    let name = String(decoding: slot[16..<48].prefix { $0 != 0 }, as: UTF8.self)
    let reason = String(decoding: slot[48..<64].prefix { $0 != 0 }, as: UTF8.self)
    return GateEntry(
      scope: GateScope(kind, name), state: state, reason: reason, user: half(slot, 4), seconds: half(slot, 8))
  }

  /// May be shorter than `count` when the file is.
  static func read<FS: FileSystem>(_ fileSystem: FS, _ file: FS.File, count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = try unsafe bytes.withUnsafeMutableBytes { bytes in
      Result<Int, SystemError> { () throws(SystemError) in try unsafe fileSystem.read(file, into: bytes, at: 0) }
    }.get()
    bytes.removeLast(count - read)
    return bytes
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func half(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func store(_ bytes: inout [UInt8], _ offset: Int, _ value: UInt64) {
    for byte in 0..<8 { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(byte * 8)) }
  }
}
