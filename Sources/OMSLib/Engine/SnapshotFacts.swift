/// What a snapshot says of its tables, so that a list need not read them: the bytes of its section.
struct SnapshotCounts: BitwiseCopyable {
  var accounts: UInt64 = 0
  var openOrders: UInt64 = 0

  init(_ core: borrowing Core) {
    accounts = UInt64(core.state.global.accountCount)
    for slot in 0..<Int(core.state.global.orderHighWater) where core.state.orders[slot].isOpen { openOrders += 1 }
  }

  /// `nil`: not the bytes of such a section.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= MemoryLayout<Self>.size else { return nil }
    self = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: Self.self) }
  }
}

/// One snapshot that was taken, for its object.
struct SnapshotFacts: Sendable {
  var id: String
  var path: String
  var bytes: Int
  var seq: UInt64
  var accounts: Int
  var digest: String
  var created: UTCTime
  /// Of the last record that is in it.
  var lsn: UInt64
  /// `nil`: written by a core whose rows are laid out differently.
  var openOrders: Int?
  var note: String?

  private init(name: String, path: String, _ header: SnapshotHeader, _ digest: SHA256Digest, bytes: Int, note: [UInt8]?)
  {
    id = name
    self.path = path
    self.bytes = bytes
    seq = header.end.seq
    accounts = 0
    self.digest = digest.hex
    created = header.created
    lsn = header.end.lsn
    self.note = note.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Of a snapshot that was loaded, and so checked whole.
  init(_ loaded: borrowing LoadedSnapshot, name: String, path: String) {
    let note = loaded.section(SnapshotLoad.noteSection).map { unsafe [UInt8]($0.bytes) }
    self.init(name: name, path: path, loaded.header, loaded.digest, bytes: loaded.byteCount, note: note)
    accounts = max(0, (loaded.section(UInt32(TableID.account.rawValue))?.count ?? 1) - 1)
    openOrders = loaded.section(UInt32(TableID.order.rawValue)).flatMap { Self.openOrders($0) }
  }

  /// Of a snapshot on the disk, by its head alone; one of an older program is loaded whole.
  static func read<FS: FileSystem>(_ name: String, _ store: SnapshotStore<FS>) throws(SnapshotError) -> SnapshotFacts {
    let (counts, note) = (SnapshotLoad.countsSection, SnapshotLoad.noteSection)
    guard let head = try store.head(name, sections: [counts, note]),
      let found = head.section(counts).flatMap({ SnapshotCounts($0) })
    else { return SnapshotFacts(try store.load(name), name: name, path: store.path(name)) }
    var facts = SnapshotFacts(
      name: name, path: store.path(name), head.header, head.digest, bytes: head.byteCount, note: head.section(note))
    facts.accounts = Int(clamping: found.accounts)
    facts.openOrders = Int(clamping: found.openOrders)
    return facts
  }

  private static func openOrders(_ section: SnapshotSection) -> Int? {
    guard Int(section.rowBytes) == MemoryLayout<OrderRow>.stride else { return nil }
    return (0..<section.count).reduce(0) { count, row in
      let offset = row * MemoryLayout<OrderRow>.stride
      return count + (unsafe section.bytes.loadUnaligned(fromByteOffset: offset, as: OrderRow.self).isOpen ? 1 : 0)
    }
  }
}
