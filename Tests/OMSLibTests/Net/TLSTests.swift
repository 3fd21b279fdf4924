import CCore
import OMSLib
import Testing

@Suite struct TLSTests {
  private static let day: Int64 = 86_400_000_000_000
  private static func days(_ count: Int64) -> UTCTime {
    UTCTime(nanoseconds: SystemClock().realtime() + count * day)
  }

  private static let authority = Result {
    try TLSIdentity.makeAuthority(named: "oms test", from: days(-2), until: days(2))
  }

  private static func context(_ identity: TLSIdentity) throws -> TLSContext {
    try TLSContext(chain: identity.certificate, key: identity.key)
  }

  private static func server(_ hosts: [String] = ["localhost", "127.0.0.1", "::1"]) throws -> TLSContext {
    try context(authority.get().issue(for: hosts, from: days(-1), until: days(1)))
  }

  private static func client() throws -> TLSContext {
    try TLSContext(authorities: try authority.get().certificate)
  }

  @Test(arguments: ["localhost", "127.0.0.1"]) func bothEndsAgree(host: String) throws {
    var ends = try WireEnds(serverTLS: Self.server(), clientTLS: (Self.client(), host))
    _ = try ends.client.write(Array("ask".utf8))
    try ends.run { $0.serverGot.count == 3 }
    _ = try ends.server.write(Array("answer".utf8))
    try ends.run { $0.clientGot.count == 6 }
    #expect(WireEnds.text(ends.serverGot) == "ask" && WireEnds.text(ends.clientGot) == "answer")
    #expect(ends.client.tlsDescription?.hasPrefix("TLSv1.3 ") == true)
    #expect(ends.client.tlsProtocol == "http/1.1" && ends.server.tlsProtocol == "http/1.1")
    let isResumed = ends.client.isResumed
    #expect(!isResumed)
  }

  @Test func aClientComesBackWithItsSession() throws {
    let (server, client) = (try Self.server(), try Self.client())
    for isSecond in [false, true] {
      var ends = try WireEnds(serverTLS: server, clientTLS: (client, "localhost"))
      _ = try ends.server.write([1])
      try ends.run { $0.clientGot.count == 1 }
      let (clientIsResumed, serverIsResumed) = (ends.client.isResumed, ends.server.isResumed)
      #expect(clientIsResumed == isSecond && serverIsResumed == isSecond)
    }
    // The session belongs to the host it was made with.
    var ends = try WireEnds(serverTLS: server, clientTLS: (client, "127.0.0.1"))
    _ = try ends.server.write([1])
    try ends.run { $0.clientGot.count == 1 }
    let isResumed = ends.client.isResumed
    #expect(!isResumed)
  }

  /// Pieces larger than a record and than what the kernel takes, in both directions at once.
  @Test func muchGoesBothWays() throws {
    var ends = try WireEnds(serverTLS: Self.server(), clientTLS: (Self.client(), "localhost"), queueBytesMax: 1 << 23)
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    _ = try ends.client.write(bytes)
    for start in stride(from: 0, to: bytes.count, by: 30_000) {
      _ = try ends.server.write(Array(bytes[start..<(start + 30_000)]))
    }
    try ends.run { $0.serverGot.count == bytes.count && $0.clientGot.count == bytes.count }
    #expect(ends.serverGot.withBytes { Array($0) == bytes })
    #expect(ends.clientGot.withBytes { Array($0) == bytes })
  }

  @Test func theEndIsSaid() throws {
    var ends = try WireEnds(serverTLS: Self.server(), clientTLS: (Self.client(), "localhost"))
    _ = try ends.server.write(Array("all".utf8))
    try ends.server.finish()
    try ends.run { $0.clientEnd != nil }
    #expect(ends.clientEnd == .ended(isClean: true) && WireEnds.text(ends.clientGot) == "all")
    // The other direction is still there.
    _ = try ends.client.write(Array("thanks".utf8))
    try ends.run { $0.serverGot.count == 6 }
  }

  @Test func anEndThatIsNotSaidIsACut() throws {
    var ends = try WireEnds(serverTLS: Self.server(), clientTLS: (Self.client(), "localhost"))
    _ = try ends.server.write(Array("all".utf8))
    try ends.run { $0.clientGot.count == 3 }
    _ = cc_tcp_finish(ends.server.descriptor)
    try ends.run { $0.clientEnd != nil }
    #expect(ends.clientEnd == .ended(isClean: false))
  }

  /// Who is not believed, and why. The request that was written meanwhile never leaves.
  private func refusal(_ server: TLSContext, _ client: TLSContext, host: String) throws -> CertificateProblem? {
    var ends = try WireEnds(serverTLS: server, clientTLS: (client, host))
    _ = try ends.client.write(Array("secret".utf8))
    try ends.run { $0.clientError != nil && ($0.serverError != nil || $0.serverEnd != nil) }
    let (sent, hasArrived) = (ends.client.sentBytes, !ends.serverGot.isEmpty)
    #expect(sent == 0 && !hasArrived)
    guard case .certificate(let problem) = ends.clientError else { return nil }
    return problem
  }

  @Test func strangersAreToldApart() throws {
    let client = try Self.client()
    let authority = try Self.authority.get()
    let hosts = ["localhost"]
    let expired = try authority.issue(for: hosts, from: Self.days(-2), until: Self.days(-1))
    #expect(try refusal(Self.context(expired), client, host: "localhost") == .expired)
    let early = try authority.issue(for: hosts, from: Self.days(1), until: Self.days(2))
    #expect(try refusal(Self.context(early), client, host: "localhost") == .notYetValid)
    #expect(try refusal(Self.server(["example.com"]), client, host: "localhost") == .wrongHost)
    #expect(try refusal(Self.server(["localhost"]), client, host: "127.0.0.1") == .wrongHost)
    #expect(try refusal(Self.server(["*.com"]), client, host: "localhost") == .wrongHost)
    let own = try TLSIdentity.makeSelfSigned(for: hosts, from: Self.days(-1), until: Self.days(1))
    #expect(try refusal(Self.context(own), client, host: "localhost") == .selfSigned)
    let other = try TLSIdentity.makeAuthority(named: "other", from: Self.days(-1), until: Self.days(1))
    let foreign = try other.issue(for: hosts, from: Self.days(-1), until: Self.days(1))
    #expect(try refusal(Self.context(foreign), client, host: "localhost") == .unknownAuthority)
    #expect(try refusal(Self.server(), TLSContext(authorities: nil), host: "localhost") == .unknownAuthority)
  }

  @Test func whoIsKnownMayVouchForItself() throws {
    let own = try TLSIdentity.makeSelfSigned(for: ["localhost"], from: Self.days(-1), until: Self.days(1))
    let client = try TLSContext(authorities: own.certificate)
    var ends = try WireEnds(serverTLS: Self.context(own), clientTLS: (client, "localhost"))
    _ = try ends.client.write([1])
    try ends.run { $0.serverGot.count == 1 }
  }

  @Test func aPeerWithoutTLSIsNamed() throws {
    var ends = try WireEnds(clientTLS: (Self.client(), "localhost"))
    _ = try ends.server.write(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    try ends.run { $0.clientError != nil }
    #expect(ends.clientError == .tls("wrong version number"))
    var other = try WireEnds(serverTLS: Self.server())
    _ = try other.client.write(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    try other.run { $0.serverError != nil }
    #expect(other.serverError == .tls("http request"))
  }

  @Test func aHandshakeMayBeCut() throws {
    var ends = try WireEnds(serverTLS: Self.server())
    try ends.client.finish()
    try ends.run { $0.serverError != nil }
    #expect(ends.serverError == .handshakeCut)
  }

  @Test func badFilesAreNamed() throws {
    let authority = try Self.authority.get()
    let other = try TLSIdentity.makeAuthority(named: "other", from: Self.days(-1), until: Self.days(1))
    #expect(throws: TLSError.keyOfAnotherCertificate) {
      _ = try TLSContext(chain: authority.certificate, key: other.key)
    }
    #expect(throws: TLSError.self) { _ = try TLSContext(chain: Array("no".utf8), key: authority.key) }
    #expect(throws: TLSError.self) { _ = try TLSContext(chain: authority.certificate, key: []) }
    #expect(throws: TLSError.self) { _ = try TLSContext(authorities: authority.key) }
    #expect(throws: TLSError.file(SystemError(errno: 2, call: "open(/nowhere/ca.pem)"))) {
      _ = try TLSContext(authorityFile: "/nowhere/ca.pem")
    }
  }
}
