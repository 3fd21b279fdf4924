/// One thing that `oms doctor` looked at.
package struct Diagnosis: Sendable {
  package enum Status: String, Sendable { case ok, warn, fail }

  /// What can be done about it by itself: safe, and on this machine only.
  package enum Repair: Equatable, Sendable {
    case setMode(String, UInt32)
    case remove(String)

    /// The question, without its mark.
    package var text: String {
      switch self {
      case .setMode(let path, let bits): "set the mode of \(path) to \(String(bits, radix: 8))"
      case .remove(let path): "remove \(path)"
      }
    }

    package func perform() throws(SystemError) {
      switch self {
      case .setMode(let path, let bits): try MachineFacts.setMode(path, bits)
      case .remove(let path): try KernelFileSystem().remove(path)
      }
    }
  }

  package var name: String
  package var status: Status
  package var detail: String
  package var fix: String?
  package var repair: Repair?

  package init(_ name: String, _ status: Status, _ detail: String, fix: String? = nil, repair: Repair? = nil) {
    self.name = name
    self.status = status
    self.detail = detail
    self.fix = fix
    self.repair = repair
  }

  /// `ok` when `isFine`, else `otherwise` with its fix.
  static func of(
    _ name: String, _ isFine: Bool, _ detail: String, otherwise: Status = .warn, fix: String
  ) -> Diagnosis {
    Diagnosis(name, isFine ? .ok : otherwise, detail, fix: isFine ? nil : fix)
  }
}
