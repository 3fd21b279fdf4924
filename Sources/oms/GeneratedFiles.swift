import OMSLib

/// What is in the repository only so that it can be installed: manual and completions, made of the table of commands.
enum GeneratedFiles {
  /// `oms __generate DIR` writes them below DIR and removes pages that are none any more. `make generate` calls it.
  static func write(below root: String) throws(ErrorObject) {
    let disk = KernelFileSystem()
    try write(CompletionScript.allCases.map { ($0.fileName, $0.text) }, in: root + "/completions", disk)
    try write(ManualPages.all.map { ($0.fileName, $0.source) }, in: root + "/man", disk)
  }

  private static func write(
    _ files: [(name: String, text: String)], in directory: String, _ disk: KernelFileSystem
  ) throws(ErrorObject) {
    do throws(SystemError) {
      for file in files {
        try ScratchFile.write(Array(file.text.utf8), to: "\(directory)/\(file.name)", under: directory)
      }
      for name in try disk.list(directory) where name.hasPrefix("oms") && !files.contains(where: { $0.name == name }) {
        try disk.remove("\(directory)/\(name)")
      }
    } catch {
      throw .io(error, directory)
    }
  }
}
