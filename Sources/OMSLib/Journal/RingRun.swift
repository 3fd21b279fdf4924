/// A run of published records that lie in one piece in the ring and fit into what is left of a segment.
@safe struct RingRun {
  let bytes: UnsafeRawBufferPointer
  /// Fillers behind the run.
  let skipped: Int
  /// The journal's end behind the run.
  let end: JournalEnd
  let firstTime: EngineTime

  var byteCount: Int { unsafe bytes.count }

  /// Looks from `position`, of a record or filler, up to the published `limit`, for what fits into `room` bytes; `end`
  /// is the journal's end in front of `position`.
  init(_ ring: JournalRing, from position: UInt64, to limit: UInt64, room: Int, end: JournalEnd) {
    let start = unsafe ring.place(position)
    var at = position
    var last = end
    var first = EngineTime.never
    var count = 0
    var filler = 0
    while at < limit {
      let header = unsafe ring.place(at).loadUnaligned(as: RecordHeader.self)
      let length = Int(header.length)
      precondition(
        length >= JournalFormat.step && length % JournalFormat.step == 0 && length <= ring.lapRest(at),
        "the ring holds whole records")
      if header.typeRaw == 0 {
        precondition(length == ring.lapRest(at), "a filler ends its lap")
        filler = length
        break
      }
      precondition(header.lsn == last.lsn + 1, "the ring's records are numbered without gaps")
      guard count + length <= room else { break }
      if count == 0 { first = header.time }
      count += length
      at += UInt64(length)
      last.note(header)
      // The lap ends with a record: what follows lies elsewhere.
      if at & UInt64(ring.capacity - 1) == 0 { break }
    }
    unsafe bytes = UnsafeRawBufferPointer(start: start, count: count)
    skipped = filler
    self.end = last
    firstTime = first
  }
}
