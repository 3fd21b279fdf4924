import OMSLib

/// Why a certificate that is made for a run is not to be believed.
enum CertificateFlaw: String, CaseIterable {
  case expired
  /// It is another host's.
  case host
  case selfSigned = "self-signed"
  /// Nobody who is believed vouches for it.
  case unknown
}

/// What the venue proves itself with: the files that were named, or a pair made for this run.
struct VenueCertificate {
  let context: TLSContext
  /// Of the authority that vouches for a made one; whoever believes it believes this venue.
  let path: String?

  private static let hosts = ["127.0.0.1", "::1", "localhost"]
  private static let dayNanoseconds: Int64 = 86_400_000_000_000

  init(
    _ files: (certificate: String, key: String)?, _ flaw: CertificateFlaw?, at now: UTCTime,
    _ command: borrowing CommandContext
  ) throws(ErrorObject) {
    let authority: TLSIdentity?
    do throws(TLSError) {
      if let files {
        context = try TLSContext(chainFile: files.certificate, keyFile: files.key)
        authority = nil
      } else {
        (context, authority) = try Self.make(flaw, at: now)
      }
    } catch {
      throw ErrorObject("config.certificate", .configuration, "the venue's certificate: \(error)")
    }
    if let authority { path = try Self.keep(authority.certificate, command) } else { path = nil }
  }

  private static func make(_ flaw: CertificateFlaw?, at now: UTCTime) throws(TLSError) -> (TLSContext, TLSIdentity) {
    func day(_ number: Int64) -> UTCTime { UTCTime(nanoseconds: now.nanoseconds + number * dayNanoseconds) }
    func authority(_ name: String) throws(TLSError) -> TLSIdentity {
      try TLSIdentity.makeAuthority(named: name, from: day(-3), until: day(365))
    }
    let believed = try authority("oms venue")
    let server: TLSIdentity
    switch flaw {
    case .expired: server = try believed.issue(for: hosts, from: day(-2), until: day(-1))
    case .host: server = try believed.issue(for: ["elsewhere.invalid"], from: day(-1), until: day(365))
    case .selfSigned: server = try authority("localhost")
    case .unknown: server = try authority("somebody").issue(for: hosts, from: day(-1), until: day(365))
    case nil: server = try believed.issue(for: hosts, from: day(-1), until: day(365))
    }
    return (try TLSContext(chain: server.certificate, key: server.key), believed)
  }

  private static func keep(_ certificate: [UInt8], _ command: borrowing CommandContext) throws(ErrorObject) -> String {
    let directory = command.line.environment["TMPDIR"] ?? "/tmp"
    let path = "\(directory)/oms-venue-\(ProcessIdentity.number)-\(command.clock.realtime() % 1_000_000_000).pem"
    let disk = KernelFileSystem()
    do throws(SystemError) {
      let file = try disk.open(path, [.write, .create, .exclusive])
      defer { try? disk.close(file) }
      var failure: SystemError?
      unsafe certificate.withUnsafeBytes { bytes in
        do throws(SystemError) { try unsafe disk.write(file, bytes, at: 0) } catch { failure = error }
      }
      if let failure { throw failure }
    } catch {
      throw .io(error, path)
    }
    return path
  }

  func removeFile() { if let path { try? KernelFileSystem().remove(path) } }
}
