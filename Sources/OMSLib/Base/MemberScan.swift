import Glibc

/// Finds members at the top of a line of JSON without reading the line: what a query asks of each of millions of lines.
///
/// Rests on three facts of JSON. Inside a string a quote has a backslash before it, so the quoted name is a name, or a
/// value, and a colon tells which; what stands before the first inner `{` is at the top; and a string without a backslash
/// means its own bytes. Where one of them does not help, the answer is ``Found/unclear`` and the line has to be read.
package struct MemberScan: Sendable {
  package enum Found {
    case absent
    case null
    /// Between the quotes of a string, or the whole of a number or truth value.
    case value(Range<Int>)
    case unclear
  }

  /// The name in its quotes.
  private let name: [UInt8]

  package init(_ name: String) { self.name = [UInt8(ascii: "\"")] + Array(name.utf8) + [UInt8(ascii: "\"")] }

  package func find(in line: UnsafeBufferPointer<UInt8>) -> Found {
    guard let base = line.baseAddress, line.count > name.count else { return .absent }
    var from = 1
    while let place = unsafe first(base, from, line.count) {
      guard unsafe base[place - 1] != UInt8(ascii: "\\") else { return .unclear }
      var next = place + name.count
      while next < line.count, unsafe base[next] == 0x20 { next += 1 }
      guard next < line.count, unsafe base[next] == UInt8(ascii: ":") else {
        from = place + name.count
        continue
      }
      // Something lies inside something: it may be there.
      guard unsafe memchr(base + 1, Int32(UInt8(ascii: "{")), place - 1) == nil else { return .unclear }
      next += 1
      while next < line.count, unsafe base[next] == 0x20 { next += 1 }
      return unsafe Self.value(base, next, line.count)
    }
    return .absent
  }

  /// Where the name stands, sixteen places at a time: its second and its last letter have to be right.
  private func first(_ base: UnsafePointer<UInt8>, _ from: Int, _ end: Int) -> Int? {
    let length = name.count
    let last = end - length
    guard from <= last else { return nil }
    let (early, late) = (1, max(1, length - 2))
    let (earlyByte, lateByte) = (name[early], name[late])
    let (earlyBytes, lateBytes) = (SIMD16(repeating: earlyByte), SIMD16(repeating: lateByte))
    let raw = unsafe UnsafeRawPointer(base)
    var place = from
    while place + late + 16 <= end, place <= last {
      let a = unsafe raw.loadUnaligned(fromByteOffset: place + early, as: SIMD16<UInt8>.self)
      let b = unsafe raw.loadUnaligned(fromByteOffset: place + late, as: SIMD16<UInt8>.self)
      if any((a .== earlyBytes) .& (b .== lateBytes)) {
        for candidate in place..<min(place + 16, last + 1) where unsafe isHere(base, candidate) { return candidate }
      }
      place += 16
    }
    while place <= last {
      if unsafe isHere(base, place) { return place }
      place += 1
    }
    return nil
  }

  private func isHere(_ base: UnsafePointer<UInt8>, _ place: Int) -> Bool {
    for index in name.indices where unsafe base[place + index] != name[index] { return false }
    return true
  }

  private static func value(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Found {
    guard start < end else { return .unclear }
    switch unsafe base[start] {
    case UInt8(ascii: "\""):
      guard let close = unsafe memchr(base + start + 1, Int32(UInt8(ascii: "\"")), end - start - 1) else {
        return .unclear
      }
      let stop = unsafe close.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: base)
      guard unsafe memchr(base + start + 1, Int32(UInt8(ascii: "\\")), stop - start) == nil else { return .unclear }
      return .value((start + 1)..<stop)
    case UInt8(ascii: "{"), UInt8(ascii: "["): return .unclear
    case UInt8(ascii: "n"): return .null
    default:
      var stop = start
      while stop < end, unsafe base[stop] != UInt8(ascii: ","), unsafe base[stop] != UInt8(ascii: "}"),
        unsafe base[stop] != 0x20
      { stop += 1 }
      return .value(start..<stop)
    }
  }
}

/// Lines of a file, one after the other, out of a buffer that is filled again and again.
package enum LineReader {
  private static let chunkBytes = 1 << 20

  /// Calls `body` with each line behind `start` that has its newline, without it, until it says `false`. Whether it went
  /// to the end.
  package static func read<E: Error>(
    _ path: String, from start: Int64 = 0, _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> Bool
  ) throws(E) -> Bool {
    let files = KernelFileSystem()
    guard let file = try? files.open(path, .read) else { return true }
    defer { try? files.close(file) }
    var buffer = [UInt8](repeating: 0, count: chunkBytes)
    var (filled, offset) = (0, start)
    while true {
      if filled == buffer.count { buffer.append(contentsOf: repeatElement(0, count: buffer.count)) }
      let got = unsafe buffer.withUnsafeMutableBytes { bytes in
        (try? unsafe files.read(file, into: UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]), at: offset)) ?? 0
      }
      guard got > 0 else { return true }
      offset += Int64(got)
      filled += got
      var start = 0
      let goesOn = try unsafe buffer.withUnsafeBufferPointer { bytes throws(E) in
        try unsafe lines(UnsafeBufferPointer(rebasing: bytes[..<filled]), &start, body)
      }
      guard goesOn else { return false }
      unsafe buffer.withUnsafeMutableBufferPointer { bytes in
        guard start > 0, let base = bytes.baseAddress else { return }
        unsafe base.update(from: base + start, count: filled - start)
      }
      filled -= start
    }
  }

  private static func lines<E: Error>(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: inout Int, _ body: (UnsafeBufferPointer<UInt8>) throws(E) -> Bool
  ) throws(E) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    while start < bytes.count, let end = unsafe memchr(base + start, 0x0A, bytes.count - start) {
      let stop = unsafe end.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(mutating: base)
      let line = unsafe UnsafeBufferPointer(start: base + start, count: stop - start)
      start = stop + 1
      guard try unsafe body(line) else { return false }
    }
    return true
  }
}
