/// Records as JSONL: one object per record, all header fields, the body by whoever knows its type, else as hex.
package struct JournalDump {
  /// Writes members for the body of a record it knows, and says whether it did.
  package typealias Body = (JournalRecord, inout JSONWriter) -> Bool

  private let body: Body

  package init(body: @escaping Body = { _, _ in false }) { self.body = body }

  /// Appends the record's object and a newline.
  package func write(_ record: JournalRecord, to json: inout JSONWriter) {
    let header = record.header
    json.beginObject()
    json.member("lsn", header.lsn)
    json.member("type", header.type.map { "\($0)" } ?? "unknown")
    json.member("number", header.typeRaw)
    json.member("version", header.version)
    json.member("length", header.length)
    json.member("time", header.time.nanoseconds)
    json.member("utc", header.utc)
    json.member("seq", header.seq)
    json.member("epoch", header.epoch)
    json.member("instance", header.instance)
    json.member("body_crc", header.bodyCRC)
    json.member("chain", header.chain)
    if !body(record, &json) { json.member("body", hex(record)) }
    json.endObject()
    json.endLine()
  }

  private func hex(_ record: JournalRecord) -> String {
    var text = ByteBuffer(capacity: unsafe 2 * record.body.count)
    unsafe text.append(hex: record.body)
    return text.text
  }
}
