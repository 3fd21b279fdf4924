import Foundation
import Glibc
import Synchronization
import Testing

/// Clients as nobody wants them, against the real engine: it must neither fall nor forget those that behave.
@Suite struct HostileClientTests {
  /// Sends `bytes` over a connection of its own and leaves at once.
  private func hitAndRun(_ path: String, _ bytes: [UInt8]) throws {
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(socket >= 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(connected == 0, "the engine takes connections")
    _ = bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Rows that were asked for arrive after the asker has died: they must not land in memory that has been given away.
  @Test func clientsThatDieWhileTheyAreAnsweredHarmNobody() throws {
    let requests = Array(
      #"""
      {"req":1,"op":"status"}
      {"req":2,"op":"positions"}
      {"req":3,"op":"risk_show"}
      {"req":4,"op":"book","symbols":["BTC-USDT"],"depth":20}

      """#.utf8)
    try Shell.with { shell in
      let ran = try beside(shell) { path in
        for _ in 0..<300 { try hitAndRun(path, requests) }
        for length in stride(from: 1, to: requests.count, by: 7) { try hitAndRun(path, Array(requests.prefix(length))) }
      }
      #expect(ran.output == "0\nrunning\n", "\(ran.errors)")
    }
  }

  /// A session that trades once `body` has been at its socket.
  private func beside(_ shell: Shell, _ body: (String) throws -> Void) throws -> Ran {
    let script = """
      echo "$OMS_SOCKET" > socket.new; mv socket.new socket
      until [ -e done ]; do sleep 0.02; done
      oms order buy BTC-USDT 0.001 --market --wait filled -q; echo $?
      oms status -o tsv --fields state
      """
    let result = Mutex<Result<Ran, any Error>?>(nil)
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      let ran = Result { try shell.run(["oms", "run", "--", "bash", "-uc", script]) }
      result.withLock { $0 = ran }
    }
    let socket = shell.directory.appending(path: "socket")
    while !FileManager.default.fileExists(atPath: socket.path), result.withLock({ $0 == nil }) { usleep(5_000) }
    let attack = Result {
      try body(String(decoding: try Data(contentsOf: socket), as: UTF8.self).trimmingCharacters(in: .newlines))
    }
    try Data().write(to: shell.directory.appending(path: "done"))
    group.wait()
    try attack.get()
    return try #require(result.withLock { $0 }).get()
  }
}
