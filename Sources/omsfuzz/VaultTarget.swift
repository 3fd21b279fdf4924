import OMSLib

/// A keystore's file, the object of `oms vault put`, and PEM: foreign bytes that meet secrets.
enum VaultTarget {
  /// As it is, and with its checksum mended, so that what stands behind the checksum is met too.
  static func readKeystore(_ input: [UInt8]) {
    read(input)
    guard input.count > 4 else { return }
    let body = Array(input.dropLast(4))
    let sum = CRC32C.of(body)
    read(body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) })
  }

  /// Read or refused by name. What reads has entries in order, each once; no key opens what was never sealed.
  private static func read(_ bytes: [UInt8]) {
    let keystore: Keystore
    do throws(VaultError) {
      keystore = try Keystore(reading: bytes, path: "keystore")
    } catch {
      switch error {
      case .damaged(_, let why): precondition(!why.isEmpty, "it says what is wrong")
      case .version: break
      default: preconditionFailure("a file is damaged, or of another version")
      }
      return
    }
    let names = keystore.entries.map(\.name)
    precondition(names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, "entries are in order")
    precondition(Set(names).count == names.count && names.count <= Keystore.entryCountMax, "each name is there once")
    guard var desk = try? SecretDesk() else { return }
    let key = desk.take(copying: [UInt8](repeating: 7, count: Sealing.keyBytes))
    precondition((try? keystore.prove(key, desk: &desk)) == nil, "nobody sealed this")
  }

  /// The object of `oms vault put`: what is taken has its bounds, what is refused is not repeated.
  static func readInput(_ input: [UInt8]) {
    guard input.count < SecretDesk.slotBytes, var desk = try? SecretDesk() else { return }
    let secret = desk.take(copying: input)
    do throws(VaultError) {
      let form = try SecretInput.read(secret, kind: nil, desk: &desk)
      precondition((1...Keystore.apiKeyBytesMax).contains(form.apiKey.count), "an API key has its bounds")
      precondition((1...Keystore.secretBytesMax).contains(form.secret.count), "a secret has its bounds")
    } catch {
      guard case .input = error else { preconditionFailure("foreign bytes are refused as input") }
    }
  }

  /// PEM: a key or none.
  static func readPEM(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    if let key = try? PrivateKey(pem: text) {
      // Numbers of RSA may read well and fit no more; such a key is not whole. That of Ed25519 is any 32 bytes.
      precondition(key.isWhole || key.algorithm == .rsa, "what a key signs, its public half verifies")
    }
    _ = try? PublicKey(pem: text)
    if let bytes = Base64.decoded(input) {
      var again = ByteBuffer()
      again.append(base64: bytes)
      precondition(again.bytes == input, "one text for the same bytes")
    }
  }
}
