internal import CCore
internal import Glibc

/// What is wrong with the certificate of a peer.
package enum CertificateProblem: Int32, Sendable, CustomStringConvertible {
  case expired = 1
  case notYetValid = 2
  case wrongHost = 3
  case selfSigned = 4
  case unknownAuthority = 5
  case other = 6

  package var description: String {
    switch self {
    case .expired: "the certificate has expired"
    case .notYetValid: "the certificate is not valid yet"
    case .wrongHost: "the certificate is for another host"
    case .selfSigned: "the certificate vouches for itself"
    case .unknownAuthority: "the certificate comes from an unknown authority"
    case .other: "the certificate cannot be verified"
    }
  }
}

/// Why there is no context.
package enum TLSError: Error, Equatable, Sendable {
  case file(SystemError)
  /// In the library's words.
  case badCertificate(String)
  case keyOfAnotherCertificate
  case outOfMemory
}

extension TLSError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let error): "\(error.call) failed with error \(error.errno)"
    case .badCertificate(let reason): "no certificate or key can be read\(reason.isEmpty ? "" : ": \(reason)")"
    case .keyOfAnotherCertificate: "the key does not belong to the certificate"
    case .outOfMemory: "there is no memory for it"
    }
  }
}

/// What connections of one kind have in common: whom clients believe, or who a server is. Clients come back with the
/// session they had with a host.
///
/// Shared by its connections, all on one thread.
@safe package final class TLSContext {
  let raw: OpaquePointer
  package let isServer: Bool

  /// For clients. `authorities`: PEM certificates of those who are believed; `nil`: those that the system believes.
  package init(authorities: [UInt8]?) throws(TLSError) {
    var context: OpaquePointer?
    let status =
      unsafe authorities.map { pem in
        unsafe cc_tls_client_context(pem, pem.count, &context)
      } ?? cc_tls_client_context(nil, 0, &context)
    guard status == 0, let context = unsafe context else { throw Self.error(status) }
    unsafe raw = context
    isServer = false
  }

  /// For a server: PEM certificates, its own first, and the key of that one.
  package init(chain: [UInt8], key: [UInt8]) throws(TLSError) {
    var context: OpaquePointer?
    let status = unsafe cc_tls_server_context(chain, chain.count, key, key.count, &context)
    guard status == 0, let context = unsafe context else { throw Self.error(status) }
    unsafe raw = context
    isServer = true
  }

  package convenience init(authorityFile path: String) throws(TLSError) {
    try self.init(authorities: try Self.read(path))
  }

  package convenience init(chainFile: String, keyFile: String) throws(TLSError) {
    try self.init(chain: try Self.read(chainFile), key: try Self.read(keyFile))
  }

  deinit { unsafe cc_tls_context_free(raw) }

  /// Larger files hold something else than certificates.
  private static let fileBytesMax = 1 << 22

  /// Certificates are renewed by turning a link: the file it leads to is what is meant.
  private static func read(_ path: String) throws(TLSError) -> [UInt8] {
    let files = KernelFileSystem()
    guard let resolved = unsafe realpath(path, nil) else {
      throw .file(SystemError(errno: Glibc.errno, call: "open(\(path))"))
    }
    defer { unsafe free(resolved) }
    do throws(SystemError) {
      let file = try files.open(unsafe String(cString: resolved), .read)
      defer { try? files.close(file) }
      let count = Int(try files.size(file))
      guard count <= fileBytesMax else { throw SystemError(errno: EFBIG, call: "read(\(path))") }
      var bytes = [UInt8](repeating: 0, count: count)
      let got = unsafe bytes.withUnsafeMutableBytes { into in
        Result { () throws(SystemError) in try unsafe files.read(file, into: into, at: 0) }
      }
      return Array(bytes[..<(try got.get())])
    } catch {
      throw .file(error)
    }
  }

  static func error(_ status: Int32) -> TLSError {
    if status == cc_tls_memory { return .outOfMemory }
    if status == cc_tls_key_mismatch { return .keyOfAnotherCertificate }
    return unsafe .badCertificate(TLSText.read { out, capacity in unsafe cc_tls_error_text(out, capacity) })
  }
}

/// Texts that C writes.
enum TLSText {
  static func read(_ body: (UnsafeMutablePointer<CChar>?, Int) -> Int32) -> String {
    var text = [CChar](repeating: 0, count: 256)
    let length = unsafe text.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress, $0.count) }
    return String(decoding: text[..<max(0, Int(length))].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A certificate with its key, as PEM, made here: for an exchange on this machine and for tests.
package struct TLSIdentity: Sendable {
  package let certificate: [UInt8]
  /// Secret.
  package let key: [UInt8]

  /// Somebody who may vouch for others and vouches for itself.
  package static func makeAuthority(
    named name: String, from: UTCTime, until: UTCTime
  ) throws(TLSError) -> TLSIdentity {
    try make(name, hosts: nil, isAuthority: true, from, until, issuer: nil)
  }

  /// A server at `hosts`, names or numeric addresses, that vouches for itself: clients have to know this certificate.
  package static func makeSelfSigned(
    for hosts: [String], from: UTCTime, until: UTCTime
  ) throws(TLSError) -> TLSIdentity {
    try make(hosts.first ?? "server", hosts: text(hosts), isAuthority: false, from, until, issuer: nil)
  }

  /// A server at `hosts`, names or numeric addresses, for which this authority vouches.
  package func issue(for hosts: [String], from: UTCTime, until: UTCTime) throws(TLSError) -> TLSIdentity {
    try Self.make(hosts.first ?? "server", hosts: Self.text(hosts), isAuthority: false, from, until, issuer: self)
  }

  private static func text(_ hosts: [String]) -> String? {
    guard !hosts.isEmpty else { return nil }
    return hosts.map { NetworkAddress($0, port: 0) == nil ? "DNS:\($0)" : "IP:\($0)" }.joined(separator: ",")
  }

  /// A text of either kind has less than a kilobyte, with many hosts some more.
  private static let textBytes = 1 << 14

  private static func make(
    _ name: String, hosts: String?, isAuthority: Bool, _ from: UTCTime, _ until: UTCTime, issuer: TLSIdentity?
  ) throws(TLSError) -> TLSIdentity {
    var certificate = [UInt8](repeating: 0, count: textBytes)
    var key = certificate
    var above = issuer?.certificate ?? []
    var aboveKey = issuer?.key ?? []
    var counts = (0, 0)
    let status = unsafe lend(name, hosts) { name, hosts in
      unsafe lend(&certificate, &key, &above, &aboveKey) { texts in
        var plan = unsafe cc_tls_plan(
          name: name, hosts: hosts, not_before: from.nanoseconds / 1_000_000_000,
          not_after: until.nanoseconds / 1_000_000_000, is_authority: isAuthority ? 1 : 0)
        let status =
          unsafe issuer == nil
          ? cc_tls_make_certificate(&plan, nil, nil, &texts.0, &texts.1)
          : cc_tls_make_certificate(&plan, &texts.2, &texts.3, &texts.0, &texts.1)
        unsafe counts = (texts.0.length, texts.1.length)
        return status
      }
    }
    guard status == 0 else { throw TLSContext.error(status) }
    return TLSIdentity(certificate: Array(certificate[..<counts.0]), key: Array(key[..<counts.1]))
  }

  private static func lend(
    _ name: String, _ hosts: String?, _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>?) -> Int32
  ) -> Int32 {
    unsafe name.withCString { name in
      guard let hosts else { return unsafe body(name, nil) }
      return unsafe hosts.withCString { unsafe body(name, $0) }
    }
  }

  private static func lend(
    _ a: inout [UInt8], _ b: inout [UInt8], _ c: inout [UInt8], _ d: inout [UInt8],
    _ body: (inout (cc_tls_text, cc_tls_text, cc_tls_text, cc_tls_text)) -> Int32
  ) -> Int32 {
    unsafe a.withUnsafeMutableBytes { a in
      unsafe b.withUnsafeMutableBytes { b in
        unsafe c.withUnsafeMutableBytes { c in
          unsafe d.withUnsafeMutableBytes { d in
            var texts = unsafe (text(a, used: 0), text(b, used: 0), text(c, used: c.count), text(d, used: d.count))
            return unsafe body(&texts)
          }
        }
      }
    }
  }

  private static func text(_ bytes: UnsafeMutableRawBufferPointer, used: Int) -> cc_tls_text {
    unsafe cc_tls_text(bytes: bytes.baseAddress, capacity: bytes.count, length: used)
  }
}
