internal import CCore

/// The journal ring: records between the core that appends them and the journal thread that makes them durable.
///
/// A view of memory that somebody else keeps: a named region, so that records survive `kill -9`, or plain memory in
/// tests and simulations. Records lie in one piece; the rest of a lap that is too short for the next one is a filler.
/// Copies are views of the same ring; ``JournalAppender`` is its only producer, ``JournalWriter`` its only consumer.
@safe package struct JournalRing: @unchecked Sendable {
  // Unchecked: all that is shared behind the pointer are atomics, and records that are published by a release store.
  package static let magic: UInt64 = 0x4F4D_534A_524E_4731
  package static let layout: UInt32 = 1
  package static let headerBytes = Int(CC_JOURNAL_HEADER_BYTES)
  /// 65,536 records of 256 bytes: 40 ms at three million a second.
  package static let defaultCapacity = 1 << 25
  package static let capacityMin = 1 << 14

  let header: UnsafeMutablePointer<cc_journal_header>
  let records: UnsafeMutableRawPointer
  package let capacity: Int

  /// Why a region is no ring that can be joined.
  package enum Flaw: Error, Equatable, Sendable {
    case tooSmall(bytes: Int)
    case notARing
    case layout(found: UInt32)
    case instance(found: UInt32)
    case capacity(found: UInt64)
    case positions
  }

  /// Makes an empty ring in `memory` that goes on behind `end`.
  ///
  /// - Precondition: `memory` stays mapped while any view of it lives, is 64-byte aligned, and holds a header and a
  ///   power of two of record bytes.
  package init(
    unsafeMaking memory: UnsafeMutableRawBufferPointer, identity: JournalIdentity, epoch: UInt32, end: JournalEnd
  ) {
    let capacity = memory.count - Self.headerBytes
    precondition(capacity >= Self.capacityMin, "a journal ring needs room for several of the largest records")
    precondition(capacity & (capacity - 1) == 0, "capacity must be a power of two")
    guard let base = memory.baseAddress else { preconditionFailure("a ring needs memory") }
    precondition(Int(bitPattern: base) % JournalFormat.step == 0, "records are aligned")
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.headerBytes)
    unsafe header = base.assumingMemoryBound(to: cc_journal_header.self)
    unsafe records = base + Self.headerBytes
    self.capacity = capacity
    unsafe header.pointee.layout = Self.layout
    unsafe header.pointee.instance = identity.number
    unsafe header.pointee.capacity = UInt64(capacity)
    unsafe header.pointee.first_lsn = end.nextLsn
    unsafe header.pointee.epoch = epoch
    unsafe cc_journal_set_oldest_time(header, EngineTime.never.nanoseconds)
    unsafe cc_journal_durable_publish(header, 0, end.lsn)
    _ = unsafe cc_journal_publish(header, 0, end.lsn)
    // Last: a region without the magic is no ring.
    unsafe header.pointee.magic = Self.magic
  }

  /// Joins a ring that is there, of a live or a dead owner, after checking that it is one.
  ///
  /// - Precondition: `memory` stays mapped while any view of it lives.
  package init(unsafeJoining memory: UnsafeMutableRawBufferPointer, identity: JournalIdentity) throws(Flaw) {
    guard let base = memory.baseAddress, memory.count >= Self.headerBytes + Self.capacityMin else {
      throw .tooSmall(bytes: memory.count)
    }
    unsafe header = base.assumingMemoryBound(to: cc_journal_header.self)
    unsafe records = base + Self.headerBytes
    guard unsafe header.pointee.magic == Self.magic else { throw .notARing }
    guard unsafe header.pointee.layout == Self.layout else { throw unsafe .layout(found: header.pointee.layout) }
    guard unsafe header.pointee.instance == identity.number else {
      throw unsafe .instance(found: header.pointee.instance)
    }
    let capacity = unsafe header.pointee.capacity
    guard capacity == UInt64(memory.count - Self.headerBytes), capacity & (capacity - 1) == 0 else {
      throw .capacity(found: capacity)
    }
    self.capacity = Int(capacity)
    let appended = unsafe cc_journal_appended_position(header)
    let durable = unsafe cc_journal_durable_position(header)
    guard durable <= appended, appended - durable <= capacity, durable % 64 == 0, appended % 64 == 0 else {
      throw .positions
    }
  }

  /// Bytes of records that the disk does not have, by a copy of a ring's header; `nil`: it is none of this layout.
  ///
  /// - Precondition: `headerBytes` bytes, 64-byte aligned, are there.
  package static func unwrittenBytes(_ copy: UnsafeMutableRawPointer) -> UInt64? {
    let header = unsafe copy.assumingMemoryBound(to: cc_journal_header.self)
    guard unsafe header.pointee.magic == magic, unsafe header.pointee.layout == layout else { return nil }
    let appended = unsafe cc_journal_appended_position(header)
    let durable = unsafe cc_journal_durable_position(header)
    return appended >= durable ? appended - durable : nil
  }

  package var epoch: UInt32 { unsafe header.pointee.epoch }
  package var instance: UInt32 { unsafe header.pointee.instance }
  /// Of the first record that this ring was made for; it lies at position 0.
  package var firstLsn: UInt64 { unsafe header.pointee.first_lsn }

  /// Everything below is published.
  package var appendedPosition: UInt64 { unsafe cc_journal_appended_position(header) }
  package var appendedLsn: UInt64 { unsafe cc_journal_appended_lsn(header) }
  /// Everything below is free.
  package var durablePosition: UInt64 { unsafe cc_journal_durable_position(header) }
  /// Records up to here are on the disk.
  package var durableLsn: UInt64 { unsafe cc_journal_durable_lsn(header) }

  /// The durable lsn and the position behind its record, taken together.
  package var durablePoint: (position: UInt64, lsn: UInt64) {
    var position: UInt64 = 0
    var lsn: UInt64 = 0
    // The writer of the row needs a few nanoseconds; it cannot be stopped half-way for long, except by a kill,
    // and then nobody reads but recovery, which walks the records.
    for _ in 0..<1_000 {
      if unsafe cc_journal_durable_try(header, &position, &lsn) != 0 { return (position, lsn) }
      cc_thread_pause()
    }
    return (durablePosition, durableLsn)
  }

  package var state: JournalState { unsafe JournalState(rawValue: cc_journal_state(header)) ?? .dead }
  package var alarms: JournalAlarms { unsafe JournalAlarms(rawValue: cc_journal_alarms(header)) }
  package var lastErrno: Int32 { Int32(bitPattern: unsafe cc_journal_last_errno(header)) }

  /// Metric `loss_window_us`: the age of the oldest record that a power cut would lose.
  package func lossWindowMicroseconds(now: EngineTime) -> Int64 {
    let oldest = unsafe cc_journal_oldest_time(header)
    guard oldest != EngineTime.never.nanoseconds, now.nanoseconds > oldest else { return 0 }
    return (now.nanoseconds - oldest) / 1_000
  }

  /// Puts the journal thread to sleep until records come or `timeout` has passed, unless there is work already.
  ///
  /// Called by the journal thread only. `position` is how far it has read.
  package func sleepUnlessAppended(beyond position: UInt64, timeoutNanoseconds timeout: Int64) {
    let word = unsafe cc_journal_sleep_begin(header)
    if appendedPosition == position { _ = unsafe cc_journal_sleep_wait(header, word, timeout) }
    unsafe cc_journal_sleep_end(header)
  }

  @inline(__always)
  func place(_ position: UInt64) -> UnsafeMutableRawPointer {
    unsafe records + Int(position & UInt64(capacity - 1))
  }

  /// Bytes from `position` to the end of its lap.
  @inline(__always)
  func lapRest(_ position: UInt64) -> Int { capacity - Int(position & UInt64(capacity - 1)) }
}

/// Plain memory for a ring: in tests, simulations and tools, where nothing has to survive the process.
@safe package struct JournalRingMemory: ~Copyable {
  package let bytes: UnsafeMutableRawBufferPointer

  package init(capacity: Int = JournalRing.capacityMin) {
    unsafe bytes = .allocate(byteCount: JournalRing.headerBytes + capacity, alignment: 4_096)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { unsafe bytes.deallocate() }

  /// An empty ring in this memory. The view must not outlive the value.
  package func makeRing(identity: JournalIdentity, epoch: UInt32, end: JournalEnd = JournalEnd()) -> JournalRing {
    unsafe JournalRing(unsafeMaking: bytes, identity: identity, epoch: epoch, end: end)
  }
}
