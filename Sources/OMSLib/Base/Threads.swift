internal import CCore
internal import Synchronization

/// A named thread, on a CPU of its own if asked, that runs one closure to its end.
///
/// Whoever holds the value waits for the thread when it lets go: no thread outlives its owner.
@safe package struct WorkerThread: ~Copyable {
  /// What could not be done to the thread; it runs all the same.
  package enum Placement: Int, Sendable {
    case anywhere = 0
    case pinned = 1
    /// The CPU is offline or outside this process's set: slower, not wrong.
    case cpuNotAvailable = 2
  }

  private let handle: UInt64
  package let placement: Placement

  /// Starts `body` and returns when the thread has its name (15 bytes of it) and its place. Without a `cpu` the kernel
  /// chooses; 0 `stackBytes` are the system's default.
  package init(
    named name: String, cpu: Int? = nil, stackBytes: Int = 0, _ body: sending @escaping () -> Void
  ) throws(SystemError) {
    let start = ThreadStart(name: name, cpu: cpu, body: body)
    let context = unsafe Unmanaged.passRetained(start)
    var handle: UInt64 = 0
    let status = unsafe cc_thread_start(runThread, context.toOpaque(), stackBytes, &handle)
    guard status == 0 else {
      unsafe context.release()
      throw SystemError(errno: -status, call: "pthread_create(\(name))")
    }
    self.handle = handle
    self.placement = start.waitUntilPlaced()
  }

  /// Waits for the end of the closure.
  package consuming func join() {}

  /// Nobody waits for its end: it goes with the process, and so does what it uses.
  package consuming func leave() {
    let status = cc_thread_leave(handle)
    precondition(status == 0, "a thread is left once, and not joined")
    discard self
  }

  deinit {
    let status = cc_thread_join(handle)
    precondition(status == 0, "a thread is joined once, and not by itself")
  }

  /// CPUs this process may use.
  package static var cpuCount: Int { max(1, Int(cc_thread_cpu_count())) }
}

/// What the new thread needs. Shared by the two threads of a start: everything in it is constant or atomic.
private final class ThreadStart: @unchecked Sendable {
  private let name: String
  private let cpu: Int?
  // Called once, by the new thread.
  private let body: () -> Void
  private let placement = Atomic<Int>(-1)

  init(name: String, cpu: Int?, body: sending @escaping () -> Void) {
    self.name = name
    self.cpu = cpu
    self.body = body
  }

  func run() {
    _ = unsafe cc_thread_set_name(name)
    var place = WorkerThread.Placement.anywhere
    if let cpu { place = cc_thread_pin(Int32(clamping: cpu)) == 0 ? .pinned : .cpuNotAvailable }
    // The place of the thread that started this one is not its own.
    if place != .pinned { _ = cc_thread_unpin() }
    placement.store(place.rawValue, ordering: .releasing)
    body()
  }

  func waitUntilPlaced() -> WorkerThread.Placement {
    while true {
      if let place = WorkerThread.Placement(rawValue: placement.load(ordering: .acquiring)) { return place }
      cc_thread_yield()
    }
  }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context = unsafe context else { return nil }
  unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue().run()
  return nil
}
