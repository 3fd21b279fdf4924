import OMSLib
import Testing

@Suite struct ConfigDirectoryTests {
  private static func disk(_ files: [String: String]) -> MemoryFileSystem {
    let disk = MemoryFileSystem()
    for (path, text) in files.sorted(by: { $0.key < $1.key }) {
      disk.overwrite(path, with: Array(text.utf8))
    }
    return disk
  }

  @Test func filesOfADirectoryAreReadTogether() throws {
    let disk = Self.disk([
      "/c/accounts.yaml": "accounts: {sim: {a: {type: main}}}\n", "/c/risk.yaml": "global: {max_open_orders: 3}\n",
      "/c/notes.txt": "not ours",
    ])
    let configuration = ConfigLoader.load(directory: "/c", disk: disk)
    #expect(configuration.problems == [])
    #expect(configuration.paths == ["/c/accounts.yaml", "/c/risk.yaml"])
    #expect(configuration.settings?.limits.map(\.source) == ["risk.yaml:1"])
  }

  @Test func anEmptyDirectoryIsTheBuiltInSession() {
    let configuration = ConfigLoader.load(directory: "/c", disk: Self.disk([:]))
    #expect(configuration.settings?.defaultAccount == "sim.main" && configuration.paths == [])
  }

  @Test func aFileThatCannotBeReadIsAnErrorAndNotADefault() {
    let disk = Self.disk(["/c/risk.yaml": "global: {max_open_orders: 3}\n"])
    disk.inject(.init(.read, path: "/c/risk.yaml", errno: 5))
    let configuration = ConfigLoader.load(directory: "/c", disk: disk)
    #expect(configuration.settings == nil)
    #expect(configuration.problems.map(\.code) == ["config.file"])
  }

  @Test func fragmentsAreReadWithTheFilesAndOtherNamesAreNot() throws {
    let disk = Self.disk([:])
    try disk.makeDirectory("/c")
    try disk.makeDirectory("/c/conf.d")
    disk.overwrite("/c/conf.d/10-more.yaml", with: Array("global: {max_open_orders: 3}\n".utf8))
    disk.overwrite("/c/conf.d/README", with: Array("not: [read".utf8))
    let configuration = ConfigLoader.load(directory: "/c", disk: disk)
    #expect(configuration.paths == ["/c/conf.d/10-more.yaml"] && configuration.problems == [])
    #expect(configuration.settings?.limits.map(\.source) == ["10-more.yaml:1"])
    #expect(configuration.settings?.accounts.first?.name == "sim.main")
  }

  @Test(arguments: [
    (["/u/oms.yaml", "/etc/oms/oms.yaml"], false, "/u"), (["/etc/oms/oms.yaml"], false, "/etc/oms"),
    (["/etc/oms/oms.yaml"], true, "/u"), ([], false, "/u"),
  ])
  func theSystemsDirectoryIsReadWhenTheUserHasNone(_ files: [String], _ isExplicit: Bool, _ expected: String) {
    var contents: [String: String] = [:]
    for file in files { contents[file] = "version: 1\n" }
    let disk = Self.disk(contents)
    #expect(ConfigLoader.directory("/u", isExplicit: isExplicit, disk: disk) == expected)
  }

  @Test func everyVariableHasALineOfHelp() {
    for variable in EnvironmentVariable.allCases {
      #expect(!variable.summary.isEmpty && variable.summary.count < 90)
    }
  }
}
