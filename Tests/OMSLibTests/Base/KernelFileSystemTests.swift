import Foundation
import Testing

@testable import OMSLib

@Suite struct KernelFileSystemTests {
  let files = KernelFileSystem()

  @Test func readsBackWhatItWroteAndStopsAtTheEnd() throws {
    try withScratchDirectory { directory in
      let file = try files.open(directory + "/a", [.read, .write, .create, .exclusive])
      let bytes = Array("hello journal".utf8)
      try bytes.withUnsafeBytes { try files.write(file, $0, at: 3) }
      try files.synchronize(file)
      #expect(try files.size(file) == 16)
      var back = [UInt8](repeating: 0xEE, count: 32)
      let count = try back.withUnsafeMutableBytes { try files.read(file, into: $0, at: 0) }
      #expect(count == 16)
      let expected: [UInt8] = [0, 0, 0] + bytes
      #expect(Array(back[..<16]) == expected)
      #expect(back[16] == 0xEE)
      try files.close(file)
    }
  }

  @Test func allocatesZerosAndKeepsWhatWasThere() throws {
    try withScratchDirectory { directory in
      let file = try files.open(directory + "/a", [.read, .write, .create])
      try [UInt8(7), 8].withUnsafeBytes { try files.write(file, $0, at: 0) }
      try files.allocate(file, to: 200_000)
      #expect(try files.size(file) == 200_000)
      var back = [UInt8](repeating: 1, count: 200_000)
      _ = try back.withUnsafeMutableBytes { try files.read(file, into: $0, at: 0) }
      #expect(back[..<2] == [7, 8])
      #expect(back[2...].allSatisfy { $0 == 0 })
      try files.allocate(file, to: 100)
      #expect(try files.size(file) == 200_000)
      try files.truncate(file, to: 10)
      #expect(try files.size(file) == 10)
      try files.close(file)
    }
  }

  @Test func refusesToFollowALink() throws {
    try withScratchDirectory { directory in
      try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "/etc/passwd")
      #expect(throws: SystemError(errno: ELOOP, call: "open(\(directory)/link)")) {
        _ = try files.open(directory + "/link", .read)
      }
    }
  }

  @Test func createsExclusivelyOnce() throws {
    try withScratchDirectory { directory in
      let path = directory + "/once"
      try files.close(files.open(path, [.write, .create, .exclusive]))
      #expect(throws: SystemError(errno: EEXIST, call: "open(\(path))")) {
        _ = try files.open(path, [.write, .create, .exclusive])
      }
    }
  }

  @Test func listsSortedByBytesAndNeverItself() throws {
    try withScratchDirectory { directory in
      #expect(try files.list(directory) == [])
      let names = (0..<3_000).map { "a-name-of-some-length-\($0)" } + ["Z", "a", "ä"]
      for name in names { try files.close(files.open(directory + "/" + name, [.write, .create])) }
      #expect(try files.list(directory) == names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
    }
  }

  @Test func renamesRemovesAndTellsWhatExists() throws {
    try withScratchDirectory { directory in
      try files.makeDirectory(directory + "/d")
      try files.close(files.open(directory + "/d/a", [.write, .create]))
      try files.rename(directory + "/d/a", to: directory + "/d/b")
      try files.synchronizeDirectory(directory + "/d")
      #expect(files.exists(directory + "/d/b") && !files.exists(directory + "/d/a"))
      try files.remove(directory + "/d/b")
      #expect(!files.exists(directory + "/d/b"))
      #expect(throws: SystemError(errno: ENOENT, call: "unlink(\(directory)/d/b)")) {
        try files.remove(directory + "/d/b")
      }
    }
  }
}

private func withScratchDirectory(_ body: (String) throws -> Void) throws {
  var template = Array((NSTemporaryDirectory() + "/oms-files-XXXXXX").utf8CString)
  let made = mkdtemp(&template)
  try #require(made != nil)
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { try? FileManager.default.removeItem(atPath: path) }
  try body(path)
}
