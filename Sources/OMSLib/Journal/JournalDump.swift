/// Records as JSONL: one object per record, all header fields, the body as hex; of a Commit record the value that takes
/// effect there, and of the record of a configuration which one it is.
///
/// Takes the records in order: a value whose first part was not among them is shown as null.
package struct JournalDump {
  private var blobs = BlobReader(keepingBytes: true)

  package init() {}

  /// Appends the record's object and a newline.
  package mutating func write(_ record: JournalRecord, to json: inout JSONWriter) {
    let header = record.header
    json.beginObject()
    json.member("type", "record")
    json.member("v", 1)
    json.member("ts", header.utc)
    json.member("lsn", header.lsn)
    json.member("record", header.type.map { "\($0)" } ?? "unknown")
    json.member("number", header.typeRaw)
    json.member("version", header.version)
    json.member("length", header.length)
    json.member("time", header.time.nanoseconds)
    json.member("seq", header.seq)
    json.member("epoch", header.epoch)
    json.member("instance", header.instance)
    json.member("body_crc", header.bodyCRC)
    json.member("chain", header.chain)
    writeBody(record, &json)
    json.endObject()
    json.endLine()
  }

  private mutating func writeBody(_ record: JournalRecord, _ json: inout JSONWriter) {
    let step = blobs.take(record)
    switch record.header.type {
    case .blob where unsafe record.body.count >= BlobPart.headBytes:
      let part = BlobReader.head(record)
      json.member("blob", part.blob)
      json.member("part", part.part)
      json.member("offset", part.offset)
      json.member("bytes", part.dataBytes)
      json.member("of", part.totalBytes)
      json.member("sha256", part.digest.hex)
    case .commit:
      guard let commit = record.load(as: BlobCommit.self) else { return json.member("body", hex(record)) }
      json.member("blob", commit.blob)
      json.member("kind", BlobKind(rawValue: commit.kindRaw).map { "\($0)" } ?? "unknown")
      json.member("bytes", commit.totalBytes)
      json.member("sha256", commit.digest.hex)
      if case .committed(_, let bytes) = step {
        json.member("text", String(decoding: bytes, as: UTF8.self))
      } else {
        json.memberNull("text")
      }
    case .configuration:
      guard let input = record.load(as: ConfigurationInput.self) else { return json.member("body", hex(record)) }
      json.member("reload", input.isReload != 0)
      json.member("blob", input.blob)
      json.member("bytes", input.byteCount)
      json.member("sha256", input.digest.hex)
    default: json.member("body", hex(record))
    }
  }

  private func hex(_ record: JournalRecord) -> String {
    var text = ByteBuffer(capacity: unsafe 2 * record.body.count)
    unsafe text.append(hex: record.body)
    return text.text
  }
}
