import OMSLib
import OMSVenue

/// `oms venue serve`: the built-in exchange behind the faces of Binance, for any client.
struct VenueServeCommand: Command {
  static let spec = CommandSpec(
    "venue serve", group: .research, summary: "Serve the built-in exchange with the protocols of Binance",
    details: """
      Spot and USD-M futures, each at an address of its own: REST, market streams, the WebSocket API and user data, with \
      signatures, time windows, weights and error codes checked as the real one does. Its accounts are made up, have \
      funds, and trade with each other and with a market made from the seed. Once it answers, one object on standard \
      output names addresses, keys and secrets; it runs until TERM or INT. Nothing of it is kept.
      """,
    examples: [
      .init("oms venue serve", "on ports that are free", needs: "somebody to end it"),
      .init(
        "oms venue serve --spot 127.0.0.1:9100 --usdm 127.0.0.1:9200 --accounts 201", "a main account and 200 more",
        needs: "somebody to end it"),
      .init(
        "oms venue serve --tls", "with a certificate that a file of its own vouches for", needs: "somebody to end it"),
    ],
    flags: [
      .value("spot", .address, nil, "Where spot is served; port 0 is any that is free", default: "127.0.0.1:0"),
      .value("usdm", .address, nil, "Where USD-M futures are served", default: "127.0.0.1:0"),
      .value("accounts", .count, "N", "How many accounts it has, at most 201", default: "2"),
      .value("seed", .count, nil, "Of its market and of the keys", default: "1"),
      .toggle("tls", "Encrypt, with a certificate made for this run", section: "Encryption"),
      .value("tls-cert", .file, nil, "The certificate to use instead, PEM with its chain", section: "Encryption"),
      .value("tls-key", .file, nil, "Its key, PEM", section: "Encryption"),
    ],
    objects: ["venue"], exits: [.busy], seeAlso: ["run", "sim fault"], effect: .acts)

  private let spot: NetworkAddress
  private let usdm: NetworkAddress
  private var options = VenueOptions()
  private let isEncrypted: Bool
  private let files: (certificate: String, key: String)?

  init(_ line: ParsedLine) throws(ErrorObject) {
    let arguments = line.arguments
    spot = try Self.address(arguments.string("spot"), "spot")
    usdm = try Self.address(arguments.string("usdm"), "usdm")
    options.accounts = arguments.integer("accounts") ?? 2
    options.seed = UInt64(arguments.integer("seed") ?? 1)
    options.hearsPongs = true
    guard (2...VenueOptions.accountsMax).contains(options.accounts) else {
      throw .usage("count", "--accounts \(options.accounts): the venue has 2 to \(VenueOptions.accountsMax) accounts")
    }
    switch (arguments.string("tls-cert"), arguments.string("tls-key")) {
    case (let certificate?, let key?): files = (certificate, key)
    case (nil, nil): files = nil
    default: throw .usage("argument", "--tls-cert and --tls-key belong together")
    }
    isEncrypted = files != nil || arguments.has("tls")
  }

  private static func address(_ text: String?, _ flag: String) throws(ErrorObject) -> NetworkAddress {
    let text = text ?? "127.0.0.1:0"
    if let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) {
      var host = String(text[..<colon])
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      if let address = NetworkAddress(host, port: port) { return address }
    }
    throw .usage("address", "--\(flag) '\(text)': write a numeric address with its port, as in 127.0.0.1:9100")
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let signals = try context.signalSource()
    let clock = context.clock
    let time = ServerTime(now: EngineTime(nanoseconds: clock.boottime()), utc: UTCTime(nanoseconds: clock.realtime()))
    let certificate = try isEncrypted ? VenueCertificate(files, at: time.utc, context) : nil
    defer { certificate?.removeFile() }
    var runner = try Self.attempt { () throws(SystemError) in
      try VenueRunner(
        VenueServer.open(options, recorder: NoExchangeRecorder(), at: time), clock: clock, signals: signals)
    }
    let places = try Self.attempt { () throws(SystemError) in
      (
        spot: try runner.listen(.spot, at: spot, tls: certificate?.context),
        usdm: try runner.listen(.usdm, at: usdm, tls: certificate?.context)
      )
    }
    try announce(places.spot, places.usdm, certificate, runner.surface.credentials, &context)
    try Self.attempt { () throws(SystemError) in try runner.run() }
    return .ok
  }

  private static func attempt<Value: ~Copyable>(
    _ body: () throws(SystemError) -> Value
  ) throws(ErrorObject) -> Value {
    do throws(SystemError) {
      return try body()
    } catch {
      throw failure(error)
    }
  }

  /// The one object: by it a script knows that clients may come.
  private func announce(
    _ spot: NetworkAddress, _ usdm: NetworkAddress, _ certificate: VenueCertificate?, _ credentials: [VenueCredential],
    _ context: inout CommandContext
  ) throws(ErrorObject) {
    var json = JSONWriter(capacity: 4_096)
    json.beginObject()
    json.member("type", "venue")
    json.member("v", 1)
    json.member("ts", context.now)
    json.member("seed", options.seed)
    write(&json, "spot", spot, api: "/ws-api/v3")
    write(&json, "usdm", usdm, api: "/ws-fapi/v1")
    json.member("ca", certificate?.path)
    json.name("accounts")
    json.beginArray()
    for credential in credentials {
      json.beginObject()
      json.member("name", credential.name)
      json.member("api_key", credential.key)
      json.member("secret", credential.secret)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    try context.output.take(json.bytes)
    try context.output.flush()
  }

  private func write(_ json: inout JSONWriter, _ product: StaticString, _ address: NetworkAddress, api: String) {
    json.name(product)
    json.beginObject()
    json.member("rest", "\(isEncrypted ? "https" : "http")://\(address)")
    json.member("streams", "\(isEncrypted ? "wss" : "ws")://\(address)")
    json.member("ws_api", "\(isEncrypted ? "wss" : "ws")://\(address)\(api)")
    json.endObject()
  }

  private static func failure(_ error: SystemError) -> ErrorObject {
    // EADDRINUSE.
    guard error.errno == 98 else { return .io(error, "the venue") }
    return ErrorObject(
      "busy.address", .busy, "\(error.call): somebody listens there already", hint: "port 0 is any that is free")
  }
}

/// What the venue proves itself with: the files that were named, or a pair made for this run.
private struct VenueCertificate {
  let context: TLSContext
  /// Of the authority that vouches for a made one; whoever believes it believes this venue.
  let path: String?

  private static let hosts = ["127.0.0.1", "::1", "localhost"]
  private static let dayNanoseconds: Int64 = 86_400_000_000_000

  init(
    _ files: (certificate: String, key: String)?, at now: UTCTime, _ command: borrowing CommandContext
  ) throws(ErrorObject) {
    let authority: TLSIdentity?
    do throws(TLSError) {
      if let files {
        context = try TLSContext(chainFile: files.certificate, keyFile: files.key)
        authority = nil
      } else {
        (context, authority) = try Self.make(at: now)
      }
    } catch {
      throw ErrorObject("config.certificate", .configuration, "the venue's certificate: \(error)")
    }
    if let authority { path = try Self.keep(authority.certificate, command) } else { path = nil }
  }

  private static func make(at now: UTCTime) throws(TLSError) -> (TLSContext, TLSIdentity) {
    let from = UTCTime(nanoseconds: now.nanoseconds - dayNanoseconds)
    let until = UTCTime(nanoseconds: now.nanoseconds + 365 * dayNanoseconds)
    let authority = try TLSIdentity.makeAuthority(named: "oms venue", from: from, until: until)
    let server = try authority.issue(for: hosts, from: from, until: until)
    return (try TLSContext(chain: server.certificate, key: server.key), authority)
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
