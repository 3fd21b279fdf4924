internal import CCore
internal import CReference

/// An order signed by hash states that are kept, beside OpenSSL's one call, which prepares the key each time, and beside
/// its context that keeps the key. The same key and the same bytes, of which one digit changes.
enum SigningBench {
  static let once = Benchmark("sign.hmac", "an order signed, beside HMAC() of OpenSSL") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try measure("sign.hmac", "OpenSSL HMAC()", bar: .speedMin(3_000), moonshot: .speedMin(6_000), setup) { order, tag in
      unsafe cr_hmac_once(secret, secret.count, order, order.count, &tag) == 1
    }
  }

  static let kept = Benchmark("sign.hmac_kept", "an order signed, beside EVP_MAC of OpenSSL that keeps its key") {
    (setup: borrowing BenchSetup) throws(BenchError) -> [BenchRow] in
    try start()
    guard let context = unsafe cr_hmac_open(secret, secret.count) else {
      throw .unavailable("OpenSSL makes no context for HMAC")
    }
    defer { unsafe cr_hmac_close(context) }
    return try measure(
      "sign.hmac_kept", "OpenSSL EVP_MAC, key kept", bar: .speedMin(1_200), moonshot: .speedMin(2_000), setup
    ) { order, tag in
      unsafe cr_hmac_again(context, order, order.count, &tag) == 1
    }
  }

  /// An example that Binance publishes.
  private static let secret = Array("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j".utf8)
  private static let order = Array(
    """
    symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01000000&price=61234.56000000&newClientOrderId=\
    omsA7f3k2Qm9ZxT4bL&newOrderRespType=ACK&recvWindow=1000&timestamp=1790000000000
    """.utf8)

  static func start() throws(BenchError) {
    guard cc_crypto_start() == 0 else { throw .unavailable("OpenSSL has memory of its own already") }
  }

  private static func measure(
    _ name: String, _ referenceName: String, bar: BenchRow.Bound, moonshot: BenchRow.Bound,
    _ setup: borrowing BenchSetup,
    _ reference: (_ order: [UInt8], _ tag: inout [UInt8]) -> Bool
  ) throws(BenchError) -> [BenchRow] {
    try start()
    var arena = try arena()
    guard let key = HMACKey(secret: secret, in: &arena) else { throw .unavailable("an arena without a slot") }
    let batch = setup.count(small: 16, real: 512)
    var (ours, theirs) = (order, order)
    var mark: UInt8 = 0
    var tag = [UInt8](repeating: 0, count: HMACTag.byteCount)
    var isFine = true
    let samples = try setup.alternate(
      { () throws(BenchError) -> Int in
        for number in 0..<batch {
          ours[ours.count - 1] = UInt8(ascii: "0") + UInt8(number % 10)
          mark ^= key.sign(ours, in: arena).firstByte
        }
        return batch
      },
      { () throws(BenchError) -> Int in
        for number in 0..<batch {
          theirs[theirs.count - 1] = UInt8(ascii: "0") + UInt8(number % 10)
          isFine = reference(theirs, &tag) && isFine
        }
        return batch
      })
    // Both end with the same order.
    guard isFine, key.sign(ours, in: arena).bytes == tag else { throw .unequal("the signatures of one order") }
    var row = BenchRow(name, bar: bar, moonshot: moonshot)
    row.take(samples, referenceName, setup)
    row.checksum = setup.size == .small ? UInt64(mark) | 0x100 : 0
    return [row]
  }

  private static func arena() throws(BenchError) -> SecretArena {
    do { return try SecretArena(slotCount: 1, slotBytes: HMACKey.slotBytes) } catch { throw .system(error) }
  }
}
