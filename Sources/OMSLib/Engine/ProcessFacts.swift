internal import CCore
internal import Synchronization

/// Numbers about the process, for `status`. Asked again at most ten times a second: reading them is most of what
/// a `status` costs.
struct ProcessFacts {
  private static let validNanoseconds: Int64 = 100_000_000
  private var resident: Int64 = 0
  private var validUntil = EngineTime.zero

  mutating func residentBytes(now: EngineTime) -> Int64 {
    if now >= validUntil {
      resident = Self.readResidentBytes()
      validUntil = now.advanced(byNanoseconds: Self.validNanoseconds)
    }
    return resident
  }

  /// Resident bytes, from `/proc/self/statm`.
  private static func readResidentBytes() -> Int64 {
    let descriptor = unsafe cc_sys_open("/proc/self/statm", UInt32(cc_open_read), 0)
    guard descriptor >= 0 else { return 0 }
    defer { _ = cc_sys_close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let got = unsafe bytes.withUnsafeMutableBytes { unsafe cc_sys_read(descriptor, $0.baseAddress, $0.count) }
    guard got > 0 else { return 0 }
    let fields = String(decoding: bytes[0..<Int(got)], as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int64(fields[1]) ?? 0) * 4_096 : 0
  }
}

/// A number that one thread writes and others read.
final class SharedGauge: Sendable {
  private let storage = Atomic<Int64>(0)
  var value: Int64 { storage.load(ordering: .relaxed) }
  func set(_ value: Int64) { storage.store(value, ordering: .relaxed) }
}
