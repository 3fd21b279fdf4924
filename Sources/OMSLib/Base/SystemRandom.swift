internal import CCore

/// The kernel's random source. Held only by the edge of a process; everything inside is handed what fills its bytes.
package struct SystemRandom: RandomSource, Sendable, BitwiseCopyable {
  package init() {}

  package func fill(_ bytes: UnsafeMutableRawBufferPointer) throws(SystemError) {
    guard let base = bytes.baseAddress else { return }
    let status = unsafe cc_sys_random(base, bytes.count)
    guard status == 0 else { throw SystemError(errno: -status, call: "getrandom") }
  }
}

/// Fills bytes nobody can guess, or, in a test, bytes that can be told again.
package protocol RandomSource {
  func fill(_ bytes: UnsafeMutableRawBufferPointer) throws(SystemError)
}

extension RandomSource {
  package func bytes(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: SystemError?
    unsafe bytes.withUnsafeMutableBytes { room in
      do throws(SystemError) { try unsafe fill(room) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
