internal import CCore
internal import Synchronization

/// Looks hosts up for a network that must not wait: on a thread of its own, which name servers may keep for many seconds.
///
/// Shared by two threads: whoever runs ``serve()``, and the owner of the network.
package final class HostLookup: Sendable {
  private struct Desk {
    var wanted: [WireHost] = []
    var found: [(host: WireHost, addresses: [NetworkAddress])] = []
    var isOver = false
  }

  private let desk = Mutex(Desk())
  private let wish: Int32
  /// Readable when there is something to take.
  package let descriptor: Int32
  private let resolve: @Sendable (WireHost) -> [NetworkAddress]

  /// `resolve`: empty for a host that has no address now.
  package init(resolve: @escaping @Sendable (WireHost) -> [NetworkAddress] = HostLookup.ask) throws(SystemError) {
    let wish = cc_event_create()
    guard wish >= 0 else { throw SystemError(errno: -wish, call: "eventfd") }
    descriptor = cc_event_create()
    guard descriptor >= 0 else {
      _ = cc_sys_close(wish)
      throw SystemError(errno: -descriptor, call: "eventfd")
    }
    self.wish = wish
    self.resolve = resolve
  }

  deinit {
    _ = cc_sys_close(wish)
    _ = cc_sys_close(descriptor)
  }

  /// What the machine's files and name servers know.
  @Sendable package static func ask(_ host: WireHost) -> [NetworkAddress] {
    (try? NetworkAddress.resolve(host.name, port: host.port)) ?? []
  }

  // MARK: The network's side

  /// Asking twice for what is on its way changes nothing.
  package func want(_ host: WireHost) {
    let isNew = desk.withLock { desk in
      guard !desk.wanted.contains(host) else { return false }
      desk.wanted.append(host)
      return true
    }
    if isNew { cc_event_signal(wish) }
  }

  /// What was found since; an empty list says that nothing was.
  package func take() -> [(host: WireHost, addresses: [NetworkAddress])] {
    cc_event_drain(descriptor)
    return desk.withLock { desk in
      defer { desk.found = [] }
      return desk.found
    }
  }

  // MARK: The thread's side

  /// Until ``end()``.
  package func serve() {
    let poll = cc_poll_create()
    defer { _ = cc_sys_close(poll) }
    guard poll >= 0, cc_poll_watch(poll, wish, UInt32(cc_ready_read), 0) == 0 else { return }
    while true {
      var report = cc_ready()
      _ = unsafe cc_poll_wait(poll, &report, 1, -1)
      cc_event_drain(wish)
      guard lookUp() else { return }
    }
  }

  /// All that is wanted. `false`: it is over.
  package func lookUp() -> Bool {
    while true {
      let (host, isOver) = desk.withLock { ($0.wanted.first, $0.isOver) }
      guard !isOver else { return false }
      guard let host else { return true }
      let addresses = resolve(host)
      desk.withLock { desk in
        desk.wanted.removeAll { $0 == host }
        desk.found.append((host, addresses))
      }
      cc_event_signal(descriptor)
    }
  }

  package func end() {
    desk.withLock { $0.isOver = true }
    cc_event_signal(wish)
  }
}
