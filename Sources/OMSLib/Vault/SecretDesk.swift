internal import CCore

/// Some bytes in a slot of a desk.
package struct SecretBytes: Sendable, BitwiseCopyable {
  package let slot: SecretSlot
  package internal(set) var count: Int
}

/// Locked memory for the few secrets that a command handles at once: they come from a descriptor straight into a slot,
/// and are in no string and no array on their way into the keystore.
package struct SecretDesk: ~Copyable {
  /// An API key and the PEM of an RSA key, as JSON with its escapes.
  package static let slotBytes = 16_384
  /// Passphrase twice, key, file keys before and after a change, input, what was read of it, and room to work in.
  private static let slotCount = 10

  private var arena: SecretArena

  package init() throws(VaultError) {
    do {
      arena = try SecretArena(slotCount: Self.slotCount, slotBytes: Self.slotBytes)
    } catch {
      throw .memory(error)
    }
  }

  /// An empty slot.
  package mutating func take() -> SecretBytes {
    guard let slot = arena.take() else { preconditionFailure("a command handles fewer secrets than a desk has slots") }
    return SecretBytes(slot: slot, count: 0)
  }

  package mutating func giveBack(_ secret: SecretBytes) { arena.giveBack(secret.slot) }

  /// Lends the bytes.
  package func withBytes<R>(_ secret: SecretBytes, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    unsafe arena.withBytes(secret.slot) { room in unsafe body(UnsafeRawBufferPointer(rebasing: room[..<secret.count])) }
  }

  /// Lends the whole slot, whose first bytes are to become the secret: as many as `body` returns.
  package func fill(_ secret: inout SecretBytes, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
    let count = unsafe arena.withBytes(secret.slot) { room in unsafe body(room) }
    precondition((0...Self.slotBytes).contains(count), "a secret fits its slot")
    secret.count = count
  }

  /// For tests and for what is no secret: a copy of `bytes`.
  package mutating func take(copying bytes: some Collection<UInt8>) -> SecretBytes {
    var secret = take()
    unsafe fill(&secret) { room in
      unsafe room.copyBytes(from: bytes)
      return bytes.count
    }
    return secret
  }

  package func areEqual(_ a: SecretBytes, _ b: SecretBytes) -> Bool {
    unsafe withBytes(a) { left in unsafe withBytes(b) { right in unsafe ConstantTime.areEqual(left, right) } }
  }
}

// MARK: Reading

extension SecretDesk {
  /// All that comes from `descriptor` up to its end.
  package mutating func readAll(_ descriptor: Int32) throws(VaultError) -> SecretBytes {
    var secret = take()
    var failure: VaultError?
    unsafe fill(&secret) { room in
      var used = 0
      while used < room.count {
        let got = unsafe cc_sys_read(descriptor, room.baseAddress.map { unsafe $0 + used }, room.count - used)
        guard got > 0 else {
          if got < 0 { failure = .system(SystemError(errno: Int32(-got), call: "read")) }
          return used
        }
        used += Int(got)
      }
      failure = .input("it has more than \(room.count - 1) bytes")
      return 0
    }
    if let failure {
      giveBack(secret)
      throw failure
    }
    return secret
  }

  /// A descriptor that `secret` is read from once, for a process that is forked from this one: locked memory is not handed
  /// down.
  package func handingOver(_ secret: SecretBytes) throws(VaultError) -> Int32 {
    var reader: Int32 = -1
    var writer: Int32 = -1
    let status = unsafe cc_process_pipe(&reader, &writer)
    guard status == 0 else { throw .system(SystemError(errno: -status, call: "pipe2")) }
    defer { _ = cc_sys_close(writer) }
    // Less than a pipe holds, so it is taken whole and nobody waits.
    let written = unsafe withBytes(secret) { unsafe cc_sys_write(writer, $0.baseAddress, $0.count) }
    guard written == Int64(secret.count) else {
      _ = cc_sys_close(reader)
      throw .system(SystemError(errno: written < 0 ? Int32(-written) : 5, call: "write"))
    }
    return reader
  }

  /// What is typed until Enter; `nil` at the end of the input, and when a signal comes first.
  package mutating func readTyped(_ descriptor: Int32, signals: Int32) -> SecretBytes? {
    let poll = cc_poll_create()
    guard poll >= 0 else { return nil }
    defer { _ = cc_sys_close(poll) }
    guard cc_poll_watch(poll, descriptor, UInt32(cc_ready_read), 1) == 0,
      cc_poll_watch(poll, signals, UInt32(cc_ready_read), 2) == 0
    else { return nil }
    var secret = take()
    var isWhole = false
    unsafe fill(&secret) { room in
      var used = 0
      while used < room.count, Self.isReady(poll, signals) {
        let got = unsafe cc_sys_read(descriptor, room.baseAddress.map { unsafe $0 + used }, room.count - used)
        guard got > 0 else { return 0 }
        used += Int(got)
        guard unsafe room[used - 1] == 0x0A else { continue }
        isWhole = true
        return used - 1
      }
      return 0
    }
    if isWhole { return secret }
    giveBack(secret)
    return nil
  }

  /// Waits; `false` when a signal that ends a dialog comes before bytes do.
  private static func isReady(_ poll: Int32, _ signals: Int32) -> Bool {
    while true {
      var report = cc_ready()
      guard unsafe cc_poll_wait(poll, &report, 1, -1) > 0 else { return false }
      guard report.token == 2 else { return true }
      let signal = cc_signal_next(signals)
      // Nothing, or a child that ended.
      if signal != 0, signal != 17 { return false }
    }
  }

  /// Takes off one line break at the end, as `echo` and editors write it.
  package mutating func dropLineBreak(_ secret: inout SecretBytes) {
    let ending = unsafe withBytes(secret) { bytes in
      guard unsafe bytes.last == 0x0A else { return 0 }
      return unsafe bytes.dropLast().last == 0x0D ? 2 : 1
    }
    secret.count -= ending
  }
}

/// What the process that holds secrets owes them.
package enum Concealment {
  /// No core dump, no debugger of the same user, no look at its memory or environment: from here to the end.
  package static func begin() throws(VaultError) {
    let status = cc_process_conceal()
    guard status == 0 else { throw .system(SystemError(errno: -status, call: "prctl")) }
    guard cc_crypto_start() == 0 else { throw .crypto }
  }
}
