extension FlagSpec {
  /// Flags of every command.
  package static let global: [FlagSpec] = [
    .value(
      "output", short: "o", .choice(["table", "jsonl", "json", "csv", "tsv", "id"]), "FMT",
      "Format of the results", section: "Output", default: "table on a terminal, else jsonl"),
    .value("fields", .thing(.fields), "A,B", "Choose and order the fields", section: "Output"),
    .toggle("quiet", short: "q", "No results and no notices; errors still go to stderr", section: "Output"),
    FlagSpec(
      "verbose", short: "v", .count, "", "Say what the client does, to stderr; -vv adds timings",
      section: "Output"),
    .value(
      "color", .choice(["auto", "always", "never"]), "WHEN", "Colour in tables", section: "Output",
      default: "auto"),
    .value(
      "tz", .timeZone, "ZONE", "Times of tables in this offset (+09:00); JSONL is always UTC", section: "Output",
      default: "UTC"),
    .value("sort", .sortKey, nil, "Sort the rows by a field", section: "Output"),
    .value(
      "where", .expression, nil, "Only rows for which this holds: 'notional>=1000 and side==buy'",
      section: "Output"),
    .value("limit-rows", .count, nil, "At most this many rows", section: "Output"),
    .value("sum", .thing(.fields), "A,B", "Exact sums of these fields, per group of --by", section: "Output"),
    .value("by", .thing(.fields), "A,B", "Group the rows by these fields", section: "Output"),
    .value(
      "account", short: "a", .selection, nil, "Accounts: names, globs, @groups, all", section: "Scope",
      default: "reading: all; sending: OMS_ACCOUNT, then default_account"),
    .value("instance", short: "I", .instance, nil, "Which engine", section: "Scope", default: "default"),
    .value("config-dir", short: "C", .directory, nil, "Configuration directory", section: "Scope"),
    .toggle("live", "This command may touch live accounts", section: "Safety"),
    .toggle("yes", short: "y", "Take the confirmation as given (never implies --live)", section: "Safety"),
    .toggle("no-input", "Never ask, even on a terminal", section: "Safety"),
    .toggle("dry-run", "Validate, run risk, show the plan; send nothing", section: "Safety"),
    .value("timeout", .duration, nil, "For the whole command", section: "Time", default: "5s, none for streams"),
    .value(
      "retry-connect", .duration, nil, "Keep trying to reach the engine that long before exit 16",
      section: "Time"),
    .value("job", .name, nil, "Named lock held while the command runs; a second copy ends with 17", section: "Time"),
    .value("lock-wait", .duration, nil, "Wait that long for the lock of --job", section: "Time"),
    .toggle("help", short: "h", "Help for the nearest command", section: "Help"),
    .toggle("version", "Print the version", section: "Help"),
  ]
}
