import Foundation
import OMSLib
import Testing

@Suite struct ConfigSamplesTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../configs")

  @Test func theBinaryHoldsTheSamplesOfTheRepositoryByteForByte() throws {
    #expect(ConfigSamples.all.map(\.name).sorted() == ConfigFile.names.sorted())
    for sample in ConfigSamples.all {
      let text = try String(contentsOf: Self.folder.appending(path: sample.name), encoding: .utf8)
      #expect(sample.text == text, "\(sample.name): copy configs/ into ConfigSamples.swift")
    }
  }

  @Test func theMinimalOnesLoadWithoutAProblem() {
    let files = ConfigSamples.minimal.map { ConfigFile(name: $0.name, path: $0.name, bytes: Array($0.text.utf8)) }
    #expect(ConfigLoader.load(files).problems == [])
  }
}
