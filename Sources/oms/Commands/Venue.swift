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
      output names addresses, keys and secrets; it runs until TERM or INT. Nothing of it is kept but what --keystore \
      writes: an entry binance_NAME for each account, as `api_key_vault_path` calls it, in a keystore that is made if \
      there is none.
      """,
    examples: [
      .init("oms venue serve", "on ports that are free", needs: "somebody to end it"),
      .init(
        "oms venue serve --spot 127.0.0.1:9100 --usdm 127.0.0.1:9200 --accounts 201", "a main account and 200 more",
        needs: "somebody to end it"),
      .init(
        "oms venue serve --keystore state --passphrase-fd 3 3<<< 'a passphrase'", "for an engine of ours",
        needs: "somebody to end it"),
      .init(
        "oms venue serve --tls", "with a certificate that a file of its own vouches for", needs: "somebody to end it"),
    ],
    flags: [
      .value("spot", .address, nil, "Where spot is served; port 0 is any that is free", default: "127.0.0.1:0"),
      .value("usdm", .address, nil, "Where USD-M futures are served", default: "127.0.0.1:0"),
      .value("accounts", .count, "N", "How many accounts it has, at most 201", default: "2"),
      .value("seed", .count, nil, "Of its market and of the keys", default: "1"),
      .value(
        "fence", .duration, nil, "Carry out no request later than this after its timestamp, whatever recvWindow it has"),
      .value("limits", .count, "N", "Allow N times as many requests and orders as the real one", default: "1"),
      .list("replay", .file, nil, "Tell this recording in place of the market of its product; one of each product"),
      .value("speed", .count, nil, "How many times faster a recording is told", default: "1"),
      .value("keystore", .directory, nil, "Put the keys into the keystore of this state directory"),
      .passphrase,
      .toggle("tls", "Encrypt, with a certificate made for this run", section: "Encryption"),
      .value("tls-cert", .file, nil, "The certificate to use instead, PEM with its chain", section: "Encryption"),
      .value("tls-key", .file, nil, "Its key, PEM", section: "Encryption"),
      .value(
        "tls-flaw", .choice(CertificateFlaw.allCases.map(\.rawValue)), nil,
        "Encrypt with a certificate that nobody may believe", section: "Encryption"),
    ],
    objects: ["venue"], exits: [.credentials, .busy], seeAlso: ["run", "sim fault", "sim dump"], effect: .acts)

  private let spot: NetworkAddress
  private let usdm: NetworkAddress
  private var options = VenueOptions()
  private let isEncrypted: Bool
  private let files: (certificate: String, key: String)?
  private let flaw: CertificateFlaw?
  private let keystore: String?
  private let recordings: [String]
  private let speed: Int

  init(_ line: ParsedLine) throws(ErrorObject) {
    let arguments = line.arguments
    spot = try Self.address(arguments.string("spot"), "spot")
    usdm = try Self.address(arguments.string("usdm"), "usdm")
    options.accounts = arguments.integer("accounts") ?? 2
    options.seed = UInt64(arguments.integer("seed") ?? 1)
    options.hearsPongs = true
    options.limitFactor = arguments.integer("limits") ?? 1
    options.fenceNanoseconds = arguments.duration("fence")
    keystore = arguments.string("keystore")
    recordings = arguments.strings("replay")
    speed = arguments.integer("speed") ?? 1
    guard !arguments.has("speed") || !recordings.isEmpty && (1...1_000_000).contains(speed) else {
      throw .usage("count", "--speed N is of --replay, and 1 to 1000000")
    }
    try checkDescriptors(line, ["passphrase-fd"])
    guard (2...VenueOptions.accountsMax).contains(options.accounts) else {
      throw .usage("count", "--accounts \(options.accounts): the venue has 2 to \(VenueOptions.accountsMax) accounts")
    }
    guard VenueOptions.limitFactors.contains(options.limitFactor) else {
      throw .usage("count", "--limits \(options.limitFactor): 1 to \(VenueOptions.limitFactors.upperBound) times")
    }
    switch (arguments.string("tls-cert"), arguments.string("tls-key")) {
    case (let certificate?, let key?): files = (certificate, key)
    case (nil, nil): files = nil
    default: throw .usage("argument", "--tls-cert and --tls-key belong together")
    }
    flaw = arguments.string("tls-flaw").flatMap { CertificateFlaw(rawValue: $0) }
    guard flaw == nil || files == nil else {
      throw .usage("argument", "--tls-flaw is of a certificate that is made, and --tls-cert names one that is there")
    }
    isEncrypted = files != nil || flaw != nil || arguments.has("tls")
  }

  private static func address(_ text: String?, _ flag: String) throws(ErrorObject) -> NetworkAddress {
    let text = text ?? "127.0.0.1:0"
    if let address = NetworkAddress(hostAndPort: text) { return address }
    throw .usage("address", "--\(flag) '\(text)': write a numeric address with its port, as in 127.0.0.1:9100")
  }

  func run(_ context: inout CommandContext) throws(ErrorObject) -> ExitStatus {
    let signals = try context.signalSource()
    let clock = context.clock
    let time = ServerTime(now: EngineTime(nanoseconds: clock.boottime()), utc: UTCTime(nanoseconds: clock.realtime()))
    let token = try Self.token()
    let certificate = try isEncrypted ? VenueCertificate(files, flaw, at: time.utc, context) : nil
    defer { certificate?.removeFile() }
    var runner = try Self.attempt { () throws(SystemError) in
      let server = VenueServer.open(options, recorder: NoExchangeRecorder(), at: time)
      return try VenueRunner(ServedVenue(server, token: token), clock: clock, signals: signals)
    }
    var feeds = try VenueFeeds(recordings, speed: Int64(speed), into: &runner.surface.troubled.inner)
    if let keystore { try VenueKeystore.write(runner.surface.credentials, into: keystore, &context) }
    let places = try Self.attempt { () throws(SystemError) in
      (
        spot: try runner.listen(.spot, at: spot, tls: certificate?.context),
        usdm: try runner.listen(.usdm, at: usdm, tls: certificate?.context),
        control: try runner.listen(nil, at: .loopback(port: 0))
      )
    }
    let control = "http://\(places.control)/\(token)"
    try announce(places.spot, places.usdm, control, certificate, runner.surface.credentials, &context)
    while !runner.isDone {
      try feeds.feed(&runner.surface.troubled.inner)
      try Self.attempt { () throws(SystemError) in try runner.turn() }
    }
    return .ok
  }

  /// Those who steer the exchange are on this machine, and were told this by whoever started it.
  private static func token() throws(ErrorObject) -> String {
    let random = try attempt { () throws(SystemError) in try SystemRandom().bytes(16) }
    var text = ByteBuffer()
    text.append(hex: random)
    return text.text
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
    _ spot: NetworkAddress, _ usdm: NetworkAddress, _ control: String, _ certificate: VenueCertificate?,
    _ credentials: [VenueCredential], _ context: inout CommandContext
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
    json.member("control", control)
    json.name("accounts")
    json.beginArray()
    for credential in credentials {
      json.beginObject()
      json.member("name", credential.name)
      json.member("api_key", credential.key)
      json.member("secret", credential.secret)
      json.member("entry", keystore == nil ? nil : VenueKeystore.entryName(of: credential))
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
