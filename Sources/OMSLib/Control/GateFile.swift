internal import CCore

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
package struct GateFile: Sendable {
  package static let slotBytes = 64
  package static let slotCount = 1_024
  package static let byteCount = slotBytes * slotCount
  static let magic: UInt64 = 0x3145_5441_4753_4D4F

  package let path: String

  package init(path: String) { self.path = path }

  package var exists: Bool {
    var stat = cc_stat()
    return unsafe cc_sys_stat_path(path, &stat) == 0
  }

  /// Makes the file, open for all trading, unless there is one.
  package func createIfMissing() throws(GateError) {
    let descriptor = try open(cc_open_create)
    defer { _ = cc_sys_close(descriptor) }
    try check(cc_sys_lock(descriptor, 1), "flock")
    defer { _ = cc_sys_unlock(descriptor) }
    var stat = cc_stat()
    try check(unsafe cc_sys_stat_descriptor(descriptor, &stat), "fstat")
    if stat.size == 0 { try reset(descriptor) }
  }

  /// Sets `scope` to `state`; `on` takes its slot away. Answers with the scope that was really set: a wider one when
  /// there was no room for it.
  @discardableResult
  package func set(
    _ scope: GateScope, _ state: TradingState, reason: String, user: UInt32, seconds: UInt32
  ) throws(GateError) -> GateScope {
    let descriptor = try open(cc_open_create)
    defer { _ = cc_sys_close(descriptor) }
    try check(cc_sys_lock(descriptor, 1), "flock")
    defer { _ = cc_sys_unlock(descriptor) }
    var image = try read(descriptor)
    if GateImage.flaw(in: image) != nil {
      // Damaged reads as halted, so only what is at least as strict, or said for everything, may start anew.
      guard scope.kind == .everything || state != .on else { throw .damaged }
      try reset(descriptor)
      image = try read(descriptor)
      if scope.kind != .everything {
        try write(
          GateEntry(scope: .everything, state: .halted, reason: "gate was damaged", user: user, seconds: seconds),
          &image, descriptor)
      }
    }
    return try write(
      GateEntry(scope: scope, state: state, reason: reason, user: user, seconds: seconds), &image, descriptor)
  }

  package func entries() throws(GateError) -> [GateEntry] {
    let descriptor = try open(0)
    defer { _ = cc_sys_close(descriptor) }
    // Under the lock, so that a change is seen whole.
    try check(cc_sys_lock(descriptor, 1), "flock")
    defer { _ = cc_sys_unlock(descriptor) }
    let image = try read(descriptor)
    guard GateImage.flaw(in: image) == nil else { throw .damaged }
    return GateImage.entries(in: image)
  }

  // MARK: Insides

  @discardableResult
  private func write(_ entry: GateEntry, _ image: inout [UInt8], _ descriptor: Int32) throws(GateError) -> GateScope {
    var entry = entry
    while true {
      if let slot = GateImage.slot(for: entry.scope, in: image) {
        let bytes = entry.state == .on ? [UInt8](repeating: 0, count: Self.slotBytes) : GateImage.encode(entry)
        let start = slot * Self.slotBytes
        image.replaceSubrange(start..<start + Self.slotBytes, with: bytes)
        try write(bytes, at: start, descriptor)
        break
      }
      // Nothing to take away.
      if entry.state == .on { break }
      precondition(entry.scope.kind != .everything, "slot 1 is kept for everything")
      entry.scope = entry.scope.wider
    }
    GateImage.raiseGeneration(&image)
    try write(Array(image[0..<Self.slotBytes]), at: 0, descriptor)
    try check(cc_sys_fdatasync(descriptor), "fdatasync(\(path))")
    return entry.scope
  }

  private func reset(_ descriptor: Int32) throws(GateError) {
    try check(cc_sys_truncate(descriptor, 0), "ftruncate(\(path))")
    try check(cc_sys_allocate(descriptor, Int64(Self.byteCount)), "fallocate(\(path))")
    var head = [UInt8](repeating: 0, count: Self.slotBytes)
    GateImage.raiseGeneration(&head)
    try write(head, at: 0, descriptor)
    try check(cc_sys_fsync(descriptor), "fsync(\(path))")
  }

  private func open(_ extra: Int) throws(GateError) -> Int32 {
    let flags = UInt32(cc_open_read) | UInt32(cc_open_write) | UInt32(extra)
    let descriptor = unsafe cc_sys_open(path, flags, 0o600)
    try check(descriptor, "open(\(path))")
    return descriptor
  }

  private func read(_ descriptor: Int32) throws(GateError) -> [UInt8] {
    do throws(SystemError) {
      return try GateImage.read(descriptor, count: Self.byteCount)
    } catch {
      throw .system(error)
    }
  }

  private func write(_ bytes: [UInt8], at offset: Int, _ descriptor: Int32) throws(GateError) {
    let written = unsafe bytes.withUnsafeBytes {
      unsafe cc_sys_pwrite(descriptor, $0.baseAddress, $0.count, Int64(offset))
    }
    try check(Int32(clamping: written), "pwrite(\(path))")
    guard written == bytes.count else { throw .damaged }
  }

  private func check(_ status: Int32, _ call: String) throws(GateError) {
    guard status >= 0 else { throw .system(SystemError(errno: -status, call: call)) }
  }
}

extension GateFile {
  private func open(_ extra: some BinaryInteger) throws(GateError) -> Int32 { try open(Int(extra)) }
}

/// The bytes of a gate file: pure, for the writer, the reader and tests.
enum GateImage {
  enum Flaw: Equatable, Sendable {
    case short
    case head
    case slot(Int)
  }

  static func flaw(in image: [UInt8]) -> Flaw? {
    guard image.count == GateFile.byteCount else { return .short }
    guard generation(in: image) != nil else { return .head }
    for slot in 1..<GateFile.slotCount {
      let start = slot * GateFile.slotBytes
      if image[start + 12] == 0 && image[start..<start + GateFile.slotBytes].allSatisfy({ $0 == 0 }) { continue }
      if decode(image[start..<start + GateFile.slotBytes]) == nil { return .slot(slot) }
    }
    return nil
  }

  /// `nil` when the head is not one of ours.
  static func generation(in head: [UInt8]) -> UInt64? {
    guard head.count >= GateFile.slotBytes, word(head, 0) == GateFile.magic else { return nil }
    let crc = CRC32C.of(Array(head[0..<16]))
    return word(head, 16) == UInt64(crc) ? word(head, 8) : nil
  }

  static func raiseGeneration(_ image: inout [UInt8]) {
    let next = (generation(in: image) ?? 0) &+ 1
    store(&image, 0, GateFile.magic)
    store(&image, 8, next)
    store(&image, 16, UInt64(CRC32C.of(Array(image[0..<16]))))
  }

  static func entries(in image: [UInt8]) -> [GateEntry] {
    (1..<GateFile.slotCount).compactMap { slot in
      decode(image[slot * GateFile.slotBytes..<(slot + 1) * GateFile.slotBytes])
    }
  }

  /// The slot that holds `scope`, or a free one for it. Slot 1 is kept for everything.
  static func slot(for scope: GateScope, in image: [UInt8]) -> Int? {
    if scope.kind == .everything { return 1 }
    guard scope.name.utf8.count <= 32, !scope.name.isEmpty else { return nil }
    var free: Int?
    for slot in 2..<GateFile.slotCount {
      let start = slot * GateFile.slotBytes
      if image[start + 12] == 0 {
        if free == nil { free = slot }
      } else if decode(image[start..<start + GateFile.slotBytes])?.scope == scope {
        return slot
      }
    }
    return free
  }

  static func encode(_ entry: GateEntry) -> [UInt8] {
    var slot = [UInt8](repeating: 0, count: GateFile.slotBytes)
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
  static func read(_ descriptor: Int32, count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = unsafe bytes.withUnsafeMutableBytes {
        unsafe cc_sys_pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, Int64(done))
      }
      guard got >= 0 else { throw SystemError(errno: Int32(-got), call: "pread(gate)") }
      if got == 0 { break }
      done += Int(got)
    }
    bytes.removeLast(count - done)
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
