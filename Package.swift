// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// Calls of these go through `CWatch` where it is linked.
let watched = ["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "free"]

let tests: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
  name: "oms",
  products: [
    .executable(name: "oms", targets: ["oms"]),
    .executable(name: "omsim", targets: ["omsim"]),
  ],
  targets: [
    .target(
      name: "CCore",
      cSettings: [.unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("yaml"), .linkedLibrary("zstd"), .linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    // What benchmarks are held against, at the optimiser's best.
    .target(name: "CReference", cSettings: [.unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O3"])]),
    .target(name: "OMSLib", dependencies: ["CCore", "CReference"], swiftSettings: strict),
    // The built-in exchange with the faces of real ones: cold, so it is a module of its own.
    .target(name: "OMSVenue", dependencies: ["OMSLib"], swiftSettings: strict),
    .executableTarget(name: "oms", dependencies: ["OMSLib", "OMSVenue"], swiftSettings: strict),
    // What counts allocations and system calls: `omsim hotpath`.
    .target(
      name: "CWatch", cSettings: [.unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.unsafeFlags(watched.flatMap { ["-Xlinker", "--wrap=\($0)"] })]),
    .executableTarget(name: "omsim", dependencies: ["OMSLib", "CWatch"], swiftSettings: strict),
    .target(
      name: "CTerminal", path: "Tests/CTerminal",
      cSettings: [.unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror"])]),
    .target(name: "TestSupport", dependencies: ["OMSLib"], path: "Tests/TestSupport", swiftSettings: tests),
    .testTarget(name: "CCoreTests", dependencies: ["CCore", "OMSLib", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "OMSLibTests", dependencies: ["CCore", "CReference", "OMSLib", "TestSupport"], swiftSettings: tests),
    .testTarget(name: "OMSVenueTests", dependencies: ["OMSLib", "OMSVenue", "TestSupport"], swiftSettings: tests),
    .testTarget(
      name: "AcceptanceTests", dependencies: ["oms", "omsim", "CTerminal", "TestSupport"], swiftSettings: tests),
    .testTarget(name: "TidyTests", swiftSettings: tests),
  ]
)

// Fuzzers exist only under libFuzzer: `make fuzz` asks for them.
if Context.environment["OMS_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "omsfuzz", dependencies: ["OMSLib"], swiftSettings: strict,
      // Debian's gold stops with an internal error on the sanitizer's symbols.
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]))
}
