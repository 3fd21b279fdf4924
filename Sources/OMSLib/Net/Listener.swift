internal import CCore

/// Where connections come in. Closed when the value goes away.
package struct Listener: ~Copyable {
  package enum Accepted: ~Copyable {
    case connection(Connection)
    case nothing
    /// There are no descriptors or no memory for another one: rest, or it is reported again and again.
    case exhausted(SystemError)
  }

  package let descriptor: Int32
  /// With the port that the kernel chose, where 0 was asked for.
  package let address: NetworkAddress
  private let tls: TLSContext?

  /// EADDRINUSE: somebody else listens there. With `tls` each connection begins with a handshake.
  package init(
    at address: NetworkAddress, tls: TLSContext? = nil, backlog: Int32 = 512
  ) throws(SystemError) {
    var (at, bound) = (address.raw, cc_address())
    descriptor = unsafe cc_tcp_listen(&at, backlog, &bound)
    guard descriptor >= 0 else { throw SystemError(errno: -descriptor, call: "listen(\(address))") }
    self.address = NetworkAddress(raw: bound)
    self.tls = tls
  }

  deinit { _ = cc_sys_close(descriptor) }

  /// The next connection, if there is one. A peer that has gone again while it waited is none.
  package func accept(queueBytesMax: Int = Connection.queueBytesMax) -> Accepted {
    var peer = cc_address()
    let socket = unsafe cc_tcp_accept(descriptor, &peer)
    guard socket >= 0 else {
      let error = SystemError(errno: -socket, call: "accept")
      return error.isExhaustion ? .exhausted(error) : .nothing
    }
    do throws(ConnectionError) {
      return .connection(
        try Connection(
          accepted: socket, peer: NetworkAddress(raw: peer), tls: tls, queueBytesMax: queueBytesMax))
    } catch {
      return .exhausted(SystemError(errno: 12, call: "accept"))
    }
  }
}

extension SystemError {
  /// ENOMEM, ENFILE, EMFILE, ENOBUFS.
  fileprivate var isExhaustion: Bool { errno == 12 || errno == 23 || errno == 24 || errno == 105 }
}
