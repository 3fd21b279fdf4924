// What to know before real money, and what to do when something goes wrong.

extension HelpTopic {
  package static let safety = HelpTopic(
    "safety", "What keeps money safe, and what asks before it acts",
    [
      .heading("Three locks on real money"),
      .terms([
        ("the file", "the account says `mode: live` in accounts.yaml"),
        ("the engine", "it was started with --live"),
        ("the command", "it says --live, and is confirmed or says --yes"),
      ]),
      .text(
        """
        A closed lock ends with 13 and is named. The check is in the engine, below every way into it. Cancelling by id, \
        pause, halt and kill need no --live: they cannot open risk.
        """),
      .heading("What asks"),
      .terms([
        ("nothing", "reads, everything on paper accounts, `cancel ID`, pause, halt, kill, stop"),
        ("yes or no", "one live order or amend, `cancel --all`"),
        ("the scope, typed", "flatten, resume, `risk set` that loosens a limit"),
      ]),
      .text(
        """
        Without a terminal a question is answered with 12; say --yes, and --confirm SCOPE where a scope is wanted. \
        --dry-run shows the plan and sends nothing.
        """),
      .heading("The stop ladder"),
      .terms([
        ("oms pause", "no new risk; reducing and cancelling go on"),
        ("oms halt", "no new orders; open ones stay"),
        ("oms kill", "the gate is shut first, then every own open order is cancelled; works without an engine too"),
        ("oms resume --confirm", "undoes them; must be told what"),
      ]),
      .heading("Retries"),
      .text(
        """
        An id is the idempotency key. The same id with the same parameters sends nothing and shows the order as it is; \
        with other parameters it ends with 19. After 30 repeat with the same id only.
        """),
      .lines([
        .init("oms order buy BTC-USDT 0.001 --limit 50000 --id once-1 -q", "the first time it is sent"),
        .init("oms order buy BTC-USDT 0.001 --limit 50000 --id once-1 -o tsv --fields replayed", "true"),
        .init("oms flatten -a all --dry-run", "what would be closed"),
        .init("oms pause --reason drill", "no new risk"),
        .init("oms resume --confirm all", "again"),
      ]),
    ])

  package static let recipes = HelpTopic(
    "recipes", "Lines to begin with",
    [
      .heading("Without setup"),
      .lines([
        .init(
          "oms run -- oms order buy BTC-USDT 0.01 --market --wait filled -o tsv --fields status,filled",
          "a session, one order, gone again")
      ]),
      .heading("Orders"),
      .lines([
        .init(
          "oms order buy BTC-USDT 0.02 --limit 55000 --id demo-1 --wait filled --timeout 1s --on-timeout cancel",
          "what is not filled in time is cancelled", ends: 31),
        .init("oms orders --id demo-1 -o tsv --fields status,filled", "how it ended"),
        .init(
          "for i in 1 2 3; do oms order buy ETH-USDT 0.5 --market --id daily -q && break; done",
          "a retry that cannot double an order"),
        .init("oms cancel --all -a all --older-than 10m", "what has been lying for ten minutes"),
      ]),
      .heading("Reports"),
      .lines([
        .init("oms fills --since today --by symbol --sum qty,notional,fee -o csv", "the day, exact"),
        .init(
          "oms fills -o jsonl | jq -r '[(.ts[0:19]+\"Z\"|fromdate|tostring), .symbol, .qty] | @tsv'",
          "jq cannot parse fractions of a second"),
        .init("oms pnl -a all -o tsv --fields name,total", "profit and loss of the day"),
      ]),
      .heading("In scripts"),
      .lines([
        .init("oms status -q || case $? in 15) echo halted;; 16) echo down;; esac", "what is wrong, in one digit"),
        .init("oms order buy BTC-USDT 0.001 --market --id \"job-$(date -u +%F)\" -q", "once a day, however often"),
        .init("oms status --job nightly -q", "a second copy ends with 17"),
        .init("oms guard -- sh -c 'oms order buy BTC-USDT 0.001 --limit 40000 -q'", "its orders end with it"),
      ]),
    ])

  package static let emergency = HelpTopic(
    "emergency", "What to type when something is wrong",
    [
      .text("Stopping asks nothing and needs no --live. Look afterwards."),
      .heading("Stop everything"),
      .lines([
        .init(
          "oms kill --reason 'what you saw'", "no order leaves any more; open ones are cancelled; 0 when confirmed"),
        .init("oms orders --open", "must be empty; what is left here could not be confirmed"),
        .init("oms status", "killed, and why; ends with 15", ends: 15),
      ]),
      .heading("Less than everything"),
      .lines([
        .init("oms pause --reason 'odd prices'", "no new risk; strategies go on managing what they hold"),
        .init("oms pause -a sim.main", "one account"),
        .init("oms cancel --all -a sim.main", "its open orders"),
        .init("oms kill -a sim.sub01", "one account, for good"),
      ]),
      .heading("Get out"),
      .lines([
        .init("oms positions -a all --nonzero", "what is held"),
        .init("oms flatten -a all --dry-run", "what closing it means"),
        .init("oms flatten -a all --yes", "close it; 0 only when the venue confirms zero"),
        .init("oms reconcile -a all", "our books against the venue's; 41 and a line per difference"),
      ]),
      .heading("Find out"),
      .lines([
        .init("oms events --kind trading.state -n 5", "who stopped what, and why"),
        .init("oms events --level warn -n 20", "what went wrong before"),
        .init("oms orders --status unknown", "orders without an answer; never repeat them with a new id"),
        .init("oms fills --since -15m", "what traded lately"),
        .init("oms risk show --breached", "limits that are exceeded"),
        .init("oms snapshot take --note 'before anything else'", "keep the state as it is now"),
      ]),
      .heading("Go on"),
      .lines([
        .init("oms resume -a sim.sub01 --confirm sim.sub01", "one account"),
        .init("oms resume --confirm all", "everything"),
        .init("oms status -q", "0: running, trading is on"),
      ]),
      .heading("No engine answers"),
      .lines([
        .init("oms stop --timeout 30s", "as long as it still listens"),
        .init(
          "oms kill --reason 'engine is gone'", "shuts the gate file: the next engine starts killed",
          needs: "an engine that does not answer"),
        .init("oms journal verify", "whether its record is sound", needs: "a state directory"),
        .init("oms run --adopt", "go on though the record is not", needs: "a damaged journal"),
      ]),
    ])
}
