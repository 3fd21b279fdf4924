internal import CCore

/// An order with an id of a user as its last event told it: what the index of ids keeps for ever.
///
/// 336 bytes in the file, the checksum last.
package struct IDRow: Sendable, BitwiseCopyable {
  package var keyHigh: UInt64 = 0
  package var keyLow: UInt64 = 0
  /// Of the event that `image` is from. Of several rows with one key the highest counts.
  package var lsn: UInt64 = 0
  package var seq: UInt64 = 0
  package var image = OrderImage()
  package var utc = UTCTime.zero
  package var crc: UInt32 = 0
  package var reserved: UInt32 = 0
  package var reserved2: (UInt64, UInt64) = (0, 0)

  package init() {}

  static let bytes = MemoryLayout<IDRow>.size

  var key: WireID.Key { WireID.Key(high: keyHigh, low: keyLow) }

  /// The checksum that belongs to the row, in the row.
  func sealed() -> IDRow {
    var row = self
    row.crc = 0
    row.crc = unsafe withUnsafeBytes(of: row) { unsafe cc_crc32c(0, $0.baseAddress, $0.count) }
    return row
  }

  var isWhole: Bool { sealed().crc == crc }

  static func precedes(_ a: IDRow, _ b: IDRow) -> Bool {
    a.keyHigh != b.keyHigh ? a.keyHigh < b.keyHigh : a.keyLow < b.keyLow
  }
}

/// Which ids the index keeps, and under which keys.
package enum IndexedIDs {
  /// The keys that order burns; empty for ids that the engine makes, which cannot come again, and for foreign orders.
  package static func keys(of image: OrderImage) -> [WireID.Key] {
    guard image.ownerRaw == OrderOwner.oms.rawValue, !image.id.isEmpty else { return [] }
    let bytes = unsafe image.id.withUTF8 { unsafe Array($0) }
    // Replacements, children and slices have a slash, which is in no user's id.
    guard !OrderIDText.isEngineMade(bytes), !bytes.contains(UInt8(ascii: "/")) else { return [] }
    let own = WireID.key(image.id)
    // An order that was adopted has the wire id in place of the user's: whoever names the user's id must meet it.
    if bytes.count == Limits.wireIDBytes, let adopted = WireID(image.id.low) { return [own, adopted.key] }
    return [own]
  }
}

/// Why the index of ids, or a file of it, cannot be used.
package enum IDIndexError: Error, Equatable, Sendable, CustomStringConvertible {
  case damaged(file: String, what: String)
  case otherInstance(file: String, found: String)
  case newerFormat(file: String, found: UInt32, known: UInt32)
  case system(file: String, SystemError)

  package var description: String {
    switch self {
    case .damaged(let file, let what): "\(file): \(what); it is made again from the journal"
    case .otherInstance(let file, let found): "\(file): belongs to instance \"\(found)\"; remove it"
    case .newerFormat(let file, let found, let known):
      "\(file): format \(found) is newer than \(known); start the version that wrote it"
    case .system(let file, let error): "\(file): \(error.call) failed with errno \(error.errno)"
    }
  }
}
