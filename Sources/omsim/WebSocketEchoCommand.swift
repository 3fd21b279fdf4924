internal import Glibc
import OMSLib

/// `omsim websocket-echo`: a server or a client that sends every message back, over plain TCP. For checks against peers
/// that are not ours.
struct WebSocketEchoCommand {
  private enum Job {
    case serve(NetworkAddress)
    case connect(NetworkAddress, host: String, target: String)
  }

  /// Far above what a check sends whole, and far below what an endless message grows to.
  static let limits = WebSocketLimits(messageBytes: 4 << 20)
  /// A peer that says nothing during the handshake, or does not end a connection that is over, is given up.
  static let patienceNanoseconds: Int64 = 10_000_000_000

  private let job: Job

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let given = try Options(arguments, flags: [], values: ["--serve", "--connect"])
    switch (given["--serve"], given["--connect"]) {
    case (let port?, nil):
      guard let number = UInt16(port) else { throw UsageError(message: "--serve '\(port)' is no port") }
      job = .serve(.loopback(port: number))
    case (nil, let url?): job = try Self.connection(url)
    default: throw UsageError(message: "websocket-echo needs one of --serve PORT and --connect ws://ADDRESS:PORT/PATH")
    }
  }

  private static func connection(_ url: String) throws(UsageError) -> Job {
    guard url.hasPrefix("ws://") else { throw UsageError(message: "--connect '\(url)' does not begin with ws://") }
    let rest = url.dropFirst(5)
    let host = rest.prefix { $0 != "/" }
    let target = rest.dropFirst(host.count)
    guard let colon = host.lastIndex(of: ":"), let port = UInt16(host[host.index(after: colon)...]),
      let address = NetworkAddress(String(host[..<colon]), port: port)
    else { throw UsageError(message: "--connect '\(url)' needs a numeric address and a port") }
    return .connect(address, host: String(host), target: target.isEmpty ? "/" : String(target))
  }

  /// 0 when it ended as it should; 1 when the connection could not be made.
  func run() -> Int32 {
    do {
      let signals = try SignalSource.open()
      switch job {
      case .serve(let address):
        let runner = try EchoRunner(signals: signals)
        let bound = try runner.listen(at: address)
        print("listening on \(bound)")
        fflush(nil)
        try runner.run()
      case .connect(let address, let host, let target):
        let runner = try EchoRunner(signals: signals)
        let peer = try runner.connect(to: address, host: host, target: target)
        try runner.run()
        if let refusal = peer.refusal {
          print("not opened: \(refusal)")
          return 1
        }
      }
      return 0
    } catch {
      print("websocket-echo: \(error)")
      return 1
    }
  }
}
