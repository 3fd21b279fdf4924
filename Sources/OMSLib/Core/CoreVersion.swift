/// Which core runs, and of which cores it takes snapshots. Everything that writes or reads a journal or a snapshot asks
/// here, so that two versions can meet in one test.
package struct CoreVersion: Equatable, Sendable {
  package var number: UInt32
  package var loads: [UInt32]

  package init(number: UInt32, loads: [UInt32]) {
    self.number = number
    self.loads = loads
  }

  package static let current = CoreVersion(number: Core.version, loads: Core.loadableVersions)

  package func canLoad(_ version: UInt32) -> Bool { loads.contains(version) }

  /// `5`, `4 and 5`, `3, 4 and 5`.
  package var loadsText: String {
    guard let last = loads.last, loads.count > 1 else { return loads.map(String.init).joined() }
    return loads.dropLast().map(String.init).joined(separator: ", ") + " and \(last)"
  }
}
