internal import CCore

/// Keeps the calling thread on one CPU until it is let go.
struct ThreadPlace {
  let isPinned: Bool

  init(cpu: Int) { isPinned = cc_thread_pin(Int32(clamping: cpu)) == 0 }

  func leave() { _ = cc_thread_unpin() }

  /// Rests without a clock of its own to look at.
  static func rest(nanoseconds: Int64) {
    var park = cc_park()
    _ = unsafe cc_park_wait(&park, 0, nanoseconds)
  }
}
