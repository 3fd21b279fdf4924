internal import CCore

/// Who else may change the files that decide whose money is traded.
package enum ConfigModes {
  package static func problems(_ paths: [String]) -> [ConfigProblem] {
    paths.compactMap { path in
      var stat = cc_stat()
      guard unsafe cc_sys_stat_path(path, &stat) == 0 else { return nil }
      return complaint(mode: stat.mode, owner: stat.owner, user: cc_sys_user_id()).map {
        ConfigProblem(
          place: SourcePlace(file: path, line: 1, column: 1), severity: .warning, message: $0, code: "config.mode")
      }
    }
  }

  static func complaint(mode: UInt32, owner: UInt32, user: UInt32) -> String? {
    if owner != user && owner != 0 { return "user \(owner) owns it, neither root nor you; make it yours" }
    if mode & 0o002 != 0 { return "everybody may write to it; chmod o-w" }
    if mode & 0o020 != 0 { return "its group may write to it; chmod g-w" }
    return nil
  }
}
