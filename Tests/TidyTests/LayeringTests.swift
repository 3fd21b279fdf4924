import Testing

/// The folders of `Sources/OMSLib`, lowest layer first. A file may name types of its own folder and of lower layers;
/// folders of one layer do not name each other. `Crypto` stands above `Memory`: its keys lie in the locked arena.
private let layers: [[String]] = [
  ["Base"],
  ["Model", "Math", "Memory", "Net"],
  ["CommandLine", "Crypto"],
  ["Config", "Journal", "Store", "Market", "Control"],
  ["Account", "Vault"],
  ["Risk", "Venue"],
  ["Order", "Execution"],
  ["Core", "Routing", "Treasury"],
  ["Strategy", "Portfolio"],
  ["Orchestrator"],
  ["Backtest", "Monitor", "Gateway"],
  ["Engine"],
  ["Bench", "Simulation"],
]

@Suite struct LayeringTests {
  @Test func foldersReachOnlyDownwards() throws {
    var layerOfFolder: [String: Int] = [:]
    for (layer, folders) in layers.enumerated() {
      for folder in folders { layerOfFolder[folder] = layer }
    }
    let files = SourceTree.sources.filter { $0.path.hasPrefix("Sources/OMSLib/") }
    #expect(files.count > 10, "the sources were not found")
    var homeOfType: [String: String] = [:]
    var typesOfFolder: [String: Set<String>] = [:]
    for file in files {
      #expect(layerOfFolder[file.folder] != nil, "\(file.path): the folder is new; give it a layer in LayeringTests")
      for type in file.topLevelTypes { homeOfType[type] = file.folder }
      typesOfFolder[file.folder, default: []].formUnion(file.ownTypes)
    }
    var reported: Set<String> = []
    for file in files {
      let parameters = file.genericParameters
      for (name, line) in file.typeNamesUsed {
        guard let home = homeOfType[name], home != file.folder else { continue }
        // A nested type or a generic parameter that happens to share the name of somebody else's type.
        if typesOfFolder[file.folder, default: []].contains(name) || parameters.contains(name) { continue }
        guard let mine = layerOfFolder[file.folder], let theirs = layerOfFolder[home], theirs >= mine else { continue }
        guard reported.insert("\(file.path) \(name)").inserted else { continue }
        Issue.record(
          """
          \(file.path):\(line) names \(name) of \(home), which is not below \(file.folder): move one of them, or hand \
          in what is needed from above
          """)
      }
    }
  }

  @Test func everyFolderStandsInOneLayer() {
    let folders = layers.flatMap { $0 }
    #expect(Set(folders).count == folders.count)
  }
}
