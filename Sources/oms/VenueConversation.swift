import OMSLib

/// Where somebody steers an `oms venue serve`: `http://127.0.0.1:PORT/TOKEN`, as that one prints it.
struct VenuePlace {
  let address: NetworkAddress
  let host: String
  let path: String

  /// `nil`: the line does not say.
  init?(_ line: ParsedLine) throws(ErrorObject) {
    guard let url = line.arguments.string("venue") else { return nil }
    let (scheme, wrong) = ("http://", "--venue '\(url)': write what `oms venue serve` prints as `control`")
    guard url.hasPrefix(scheme) else { throw .usage("address", wrong) }
    let rest = url.dropFirst(scheme.count)
    guard let slash = rest.firstIndex(of: "/"), let address = NetworkAddress(hostAndPort: String(rest[..<slash])) else {
      throw .usage("address", wrong)
    }
    self.address = address
    host = String(rest[..<slash])
    path = String(rest[slash...])
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .usage("address", wrong) }
  }
}

/// One question to a served exchange and its answer, waited for.
private struct VenueAsking: ~Copyable {
  private var connection: Connection
  private var loop: PollLoop
  private var reader = HTTPResponseReader()

  init(_ place: VenuePlace, _ request: HTTPRequest) throws(ConnectionError) {
    let loop: PollLoop
    do throws(SystemError) { loop = try PollLoop() } catch { throw .system(error) }
    var bytes = ByteBuffer()
    do throws(HTTPError) { try HTTPWriter.append(request, to: &bytes) } catch { preconditionFailure("\(error)") }
    var connection = try Connection(to: place.address)
    _ = try connection.write(bytes)
    self.loop = loop
    self.connection = connection
    reader.expect(request.method)
  }

  /// `nil`: not in time.
  mutating func wait(until deadline: Int64, _ clock: SystemClock) throws(ConnectionError) -> HTTPResponse? {
    while true {
      if try connection.advance() {
        while case .bytes = try connection.read(into: &reader.input) {}
        do throws(HTTPError) {
          if let response = try reader.next() { return response }
        } catch {
          throw .tls("\(error)")
        }
      }
      let left = deadline - clock.monotonic()
      guard left > 0 else { return nil }
      do throws(SystemError) {
        try loop.watch(connection.descriptor, for: connection.wants(), token: 1)
        try loop.wait(now: EngineTime(nanoseconds: clock.boottime()), atMost: left)
      } catch {
        throw .system(error)
      }
      while loop.nextReport() != nil {}
    }
  }
}

extension CommandContext {
  private static var patience: Int64 { 5_000_000_000 }

  /// Sends a request to a served exchange; answers the lines that came back.
  mutating func ask(
    _ place: VenuePlace, _ method: String, _ body: [UInt8] = []
  ) throws(ErrorObject) -> [ArraySlice<UInt8>] {
    guard !arguments.has("job") else { throw .usage("argument", "--job is a lock of an engine, and none is asked") }
    if arguments.has("dry-run"), spec.effect == .acts { throw noDryRun }
    let patience = line.timeout.flatMap { try? DurationText.parse($0) } ?? Self.patience
    let request = HTTPRequest(
      method: method, target: place.path, fields: [HTTPField(name: "host", value: place.host)], body: body,
      keepsAlive: false)
    let found: HTTPResponse?
    do throws(ConnectionError) {
      var asking = try VenueAsking(place, request)
      found = try asking.wait(until: clock.monotonic() + patience, clock)
    } catch {
      throw notServed(place, "\(error)")
    }
    guard let response = found else { throw notServed(place, "no answer came in time") }
    let lines = response.body.split(separator: 0x0A)
    switch response.status {
    case 200: return lines
    case 400: throw Self.error(lines.first ?? [])
    default: throw notServed(place, "it has no such page (\(response.status))")
    }
  }

  private func notServed(_ place: VenuePlace, _ why: String) -> ErrorObject {
    var failure = ErrorObject(
      "venue.not_served", .unreachable, "no `oms venue serve` can be steered at \(place.host): \(why)",
      hint: "--venue takes what it prints as `control`")
    failure.retry = "after"
    failure.retryAfterMilliseconds = 1_000
    return failure
  }
}

extension NetworkAddress {
  /// `127.0.0.1:9100`, `[::1]:9100`.
  init?(hostAndPort text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    self.init(host, port: port)
  }
}
