import OMSLib

/// All topics of `oms help`, those too that need to know what the files and the environment are.
enum HelpTopics {
  static let all: [HelpTopic] = {
    var topics = HelpTopic.common
    topics.insert(contentsOf: [environment, files], at: topics.count - 2)
    return topics
  }()

  static func topic(named name: String) -> HelpTopic? { all.first { $0.name == name } }

  private static let environment = HelpTopic(
    "environment", "Variables that are read",
    [
      .text("A flag wins over its variable, a variable over the files. Secrets are never read from the environment."),
      .terms(EnvironmentVariable.allCases.map { ($0.rawValue, $0.summary) }),
      .lines([
        .init("OMS_OUTPUT=tsv oms orders --open --fields id", "a default for one command"),
        .init("OMS_ACCOUNT=sim.sub01 oms order buy ETH-USDT 0.1 --market -q", "the account of a script"),
      ]),
    ])

  private static let files = HelpTopic(
    "files", "Where configuration, state, logs and sockets are",
    [
      .text("The current directory is never searched. `oms path NAME` prints each."),
      .terms([
        ("~/.config/oms", "oms.yaml, accounts.yaml, exchanges.yaml, strategies.yaml, risk.yaml; for root /etc/oms"),
        ("~/.local/state/oms/INSTANCE", "journal/, gate, snapshots/; for root /var/lib/oms"),
        (".../logs/events-YYYYMMDD.jsonl", "the objects of `oms events`, in the same order; an interface"),
        ("$XDG_RUNTIME_DIR/oms/INSTANCE", "oms.sock, lock, pid, ready; for root /run/oms"),
        ("/dev/shm/oms-UID-INSTANCE-journal", "the ring of the journal; nothing to be touched"),
        ("~/.cache/oms", "for root /var/cache/oms"),
      ]),
      .text("Nothing else in the state directory is an interface. systemd's directory variables win over these."),
      .lines([
        .init("oms path state", "the state of this instance, a throw-away one too"),
        .init("tail -n 3 \"$(oms path logs)\"/events-*.jsonl", "the newest events"),
      ]),
    ])
}
