/// A place in a journal's files.
package struct JournalPlace: Equatable, Sendable, CustomStringConvertible {
  package let file: String
  package let offset: Int64
  /// Of the record that should stand there.
  package let lsn: UInt64

  package init(file: String, offset: Int64, lsn: UInt64) {
    self.file = file
    self.offset = offset
    self.lsn = lsn
  }

  package var description: String { "\(file): offset \(offset), lsn \(lsn)" }
}

/// What is wrong with the bytes where a record should stand.
package enum RecordFlaw: UInt8, Equatable, Sendable, CaseIterable {
  /// Zeros: nothing was written here.
  case blank = 1
  /// The file ends before the record does.
  case cut = 2
  case length = 3
  case type = 4
  case instance = 5
  case lsn = 6
  case epoch = 7
  case time = 8
  case chain = 9
  case body = 10
  /// A Durable mark or Close record that was made for another place.
  case mark = 11
  /// Bytes behind the Close record.
  case behindClose = 12
  /// The segment goes on in another, but has no Close record.
  case unclosed = 13

  package var words: String {
    switch self {
    case .blank: "zeros where a record should be"
    case .cut: "file ends inside a record"
    case .length: "length is no multiple of 64 between 64 and 4,096"
    case .type: "type 0"
    case .instance: "record of another instance"
    case .lsn: "number does not follow"
    case .epoch: "epoch goes back"
    case .time: "time goes back"
    case .chain: "chain does not match"
    case .body: "checksum of the body does not match"
    case .mark: "mark was made for another place"
    case .behindClose: "bytes behind the close record"
    case .unclosed: "close record is missing"
    }
  }
}

/// Why a journal is not opened. Sorted by remedy: the first four ask an operator to put files in order, the fifth needs
/// another program, the last another disk.
package enum JournalError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A durable record, or a segment's header, is damaged. Nothing behind it can be trusted.
  case corrupt(JournalPlace, RecordFlaw)
  case corruptHeader(file: String, why: String)
  case otherInstance(file: String, found: String)
  /// Segments that do not make one line: missing, twice, or under a wrong name.
  case missing(first: UInt64, last: UInt64, before: String)
  case duplicate(file: String, other: String)
  case misplaced(file: String, why: String)
  case newerFormat(file: String, found: UInt32, known: UInt32)
  /// The cursor's records were pruned.
  case pruned(lsn: UInt64, oldest: UInt64)
  case system(file: String, SystemError)

  package var description: String {
    switch self {
    case .corrupt(let place, let flaw):
      "\(place): \(flaw.words); the journal is corrupt from here on, restore it or start with --adopt"
    case .corruptHeader(let file, let why): "\(file): segment header: \(why); the journal is corrupt, restore it"
    case .otherInstance(let file, let found): "\(file): belongs to instance \"\(found)\"; remove it from this directory"
    case .missing(let first, let last, let file):
      "\(file): records \(first) to \(last) before it are missing; bring the missing segment back"
    case .duplicate(let file, let other): "\(file): holds the same records as \(other); remove one"
    case .misplaced(let file, let why): "\(file): \(why); give it back its name"
    case .newerFormat(let file, let found, let known):
      "\(file): format \(found) is newer than \(known); start the version that wrote it"
    case .pruned(let lsn, let oldest): "record \(lsn) was pruned; the oldest kept is \(oldest)"
    case .system(let file, let error): "\(file): \(error.call) failed with errno \(error.errno)"
    }
  }
}
