import Foundation
import Testing

@testable import OMSLib

/// What signatures look like on the wire.
@Suite struct EncodingsTests {
  private static func base64(_ bytes: [UInt8]) -> String {
    var text = ByteBuffer()
    text.append(base64: bytes)
    return text.text
  }

  @Test func base64IsThatOfTheStandard() {
    for (plain, coded) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
      ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Self.base64(Array(plain.utf8)) == coded)
      #expect(Base64.decoded(Array(coded.utf8)) == Array(plain.utf8))
    }
    var random = SplitMix64(seed: 3)
    for length in 0..<100 {
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let coded = Self.base64(bytes)
      #expect(coded == Data(bytes).base64EncodedString() && Base64.decoded(Array(coded.utf8)) == bytes)
    }
  }

  /// Two texts never stand for the same bytes.
  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zg===", "=Zg=", "Zh==", "Zm9=", "Zm9v=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm-v", "Z g=",
  ])
  func whatEncodingWouldNotWriteIsRefused(text: String) {
    #expect(Base64.decoded(Array(text.utf8)) == nil, "'\(text)'")
  }

  @Test func hexIsReadInBothCases() {
    #expect(Hex.decoded(Array("00fFa5".utf8)) == [0, 255, 0xA5])
    for text in ["0", "0g", " 00", "0x00"] { #expect(Hex.decoded(Array(text.utf8)) == nil) }
  }

  @Test func signaturesOfBase64AreEscapedInAQuery() {
    var text = ByteBuffer()
    text.append(percentEncoded: Array("aZ09-._~+/= &\u{FF11}".utf8))
    #expect(text.text == "aZ09-._~%2B%2F%3D%20%26%EF%BC%91")
  }
}
