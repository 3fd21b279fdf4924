import Testing

@testable import OMSLib

@Suite struct InstancePathsTests {
  @Test func theSocketCanBeNamedOutright() {
    let paths = InstancePaths(environment: Environment(["OMS_SOCKET": "/x/y/oms.sock", "OMS_INSTANCE": "a"]), user: 7)
    #expect(paths.socket == "/x/y/oms.sock")
    #expect(paths.runDirectory == "/x/y")
    #expect(paths.instance == "a")
  }

  @Test func aUserHasDirectoriesOfTheirOwn() {
    let environment = Environment(["HOME": "/h/u", "XDG_RUNTIME_DIR": "/run/user/7"])
    let paths = InstancePaths(instance: "b", environment: environment, user: 7)
    #expect(paths.socket == "/run/user/7/oms/b/oms.sock")
    #expect(paths.stateDirectory == "/h/u/.local/state/oms/b")
    #expect(paths.logDirectory == "/h/u/.local/state/oms/b/logs")
    #expect(paths.configDirectory == "/h/u/.config/oms")
    #expect(paths.cacheDirectory == "/h/u/.cache/oms")
    #expect(paths.journalMemory == "/dev/shm/oms-7-b-journal")
  }

  @Test func theServiceManagerDecidesBeforeTheSession() {
    let environment = Environment([
      "RUNTIME_DIRECTORY": "/run/oms:/run/other", "STATE_DIRECTORY": "/var/lib/oms", "XDG_RUNTIME_DIR": "/r",
      "XDG_STATE_HOME": "/s", "CONFIGURATION_DIRECTORY": "/etc/oms2", "LOGS_DIRECTORY": "/var/log/oms",
    ])
    let paths = InstancePaths(environment: environment, user: 7)
    #expect(paths.socket == "/run/oms/default/oms.sock")
    #expect(paths.stateDirectory == "/var/lib/oms/default")
    #expect(paths.logDirectory == "/var/log/oms/default")
    #expect(paths.configDirectory == "/etc/oms2")
  }

  @Test func nothingButTheUserIsNeeded() {
    let root = InstancePaths(environment: Environment([:]), user: 0)
    #expect(root.socket == "/run/oms/default/oms.sock")
    #expect(root.stateDirectory == "/var/lib/oms/default")
    let other = InstancePaths(environment: Environment([:]), user: 12)
    #expect(other.socket == "/tmp/oms-12/default/oms.sock")
  }
}
