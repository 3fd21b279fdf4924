internal import CCore

/// Counts latencies in fixed buckets, each 3 % wide. A view: copies count into the same memory.
///
/// One thread records; others may read at any time. Recording takes a few nanoseconds and allocates nothing.
@safe package struct Histogram: BitwiseCopyable, @unchecked Sendable {
  // Shared on purpose: every word behind it is atomic.
  private let memory: UnsafeMutablePointer<cc_histogram>

  /// The caller promises that `memory` stays mapped as long as this view or a copy of it is used.
  init(unsafe memory: UnsafeMutablePointer<cc_histogram>) { unsafe self.memory = memory }

  @inline(__always)
  package func record(nanoseconds: Int64) {
    unsafe cc_histogram_record(memory, UInt64(Swift.max(0, nanoseconds)))
  }

  package var count: UInt64 { unsafe cc_histogram_count(memory) }
  package var min: UInt64 { unsafe cc_histogram_min(memory) }
  package var max: UInt64 { unsafe cc_histogram_max(memory) }

  /// The value that so many of a million do not exceed: 990,000 for p99. At most 3 % too high; 0 without values.
  package func percentile(partsPerMillion: Int) -> UInt64 {
    precondition((0...1_000_000).contains(partsPerMillion), "a million parts are all there are")
    return unsafe cc_histogram_percentile(memory, UInt32(partsPerMillion))
  }
}

/// Memory of one histogram that is not published.
@safe package struct HistogramMemory: ~Copyable {
  private let memory: UnsafeMutablePointer<cc_histogram>

  package init() {
    let bytes = MemoryLayout<cc_histogram>.size
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Int(CC_CACHE_LINE))
    unsafe raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    unsafe memory = raw.assumingMemoryBound(to: cc_histogram.self)
  }

  deinit { unsafe UnsafeMutableRawPointer(memory).deallocate() }

  /// Must not be used after the memory's owner is gone.
  package var histogram: Histogram { unsafe Histogram(unsafe: memory) }
}
