// What is refused before the engine is asked, and what goes wrong on the way to it.

extension ErrorCatalog {
  static let client = read(
    """
    usage.account 2
      No account was named and no default says which of several is meant.
      Say -a ACCOUNT, set OMS_ACCOUNT, or set default_account in oms.yaml.
    usage.address 2
      The word is not HOST:PORT.
      Write both, for example 127.0.0.1:9100.
    usage.argument 2
      A word or a flag that the command needs is missing, or there is one too many.
      Compare with `oms COMMAND --help`.
    usage.baseline 2
      The file of --baseline holds no `bench` objects.
      Make one with `oms bench -o jsonl > FILE`.
    usage.bps 2
      A distance in basis points has no unit or is no number.
      Write 25bps.
    usage.command 2
      There is no such command, or `oms guard` cannot run the one it was given (then the exit is 127).
      See `oms help --all`; the message names the nearest one.
    usage.count 2
      The number is not a whole one, or outside what the flag takes.
      Write a whole number within the bounds that the message names.
    usage.cpu 2
      This machine has no such CPU.
      Choose one of those that the message names.
    usage.decimal 2
      The number is not plain digits with one point at most, or has too many digits.
      Write it out: no exponent, sign, comma or unit.
    usage.directory 2
      The directory is empty text.
      Name a directory.
    usage.dry_run 2
      The command has no dry run; nothing was done.
      Leave --dry-run out once you know what the command does.
    usage.duration 2
      The time span has no unit or an unknown one.
      Write 250ms, 5s, 10m, 2h or 30d.
    usage.expression 2
      The expression of --where cannot be read.
      Write comparisons joined by `and` or `or`: 'notional>=1000 and side==buy'.
    usage.field 2
      No object that the command prints has such a field.
      Choose from the fields in the hint; `oms schema TYPE` describes them.
    usage.file 2
      A file cannot be read, or does not hold what the command reads from it.
      Check the name, its mode and its contents.
    usage.flag 2
      The command has no such flag, or the flag's value is missing.
      Compare with `oms COMMAND --help`; the message names the nearest one.
    usage.id 2
      An id is not 1 to 64 of A-Z a-z 0-9 . _ : - or has the form of one that the engine makes.
      Choose another id.
    usage.ids 2
      One of the ids in a list is not 1 to 64 of A-Z a-z 0-9 . _ : -.
      Write them with commas and without blanks.
    usage.instance 2
      The name of the instance has a character that names do not have.
      Use 1 to 64 of A-Z a-z 0-9 . _ : -.
    usage.json 2
      A line is not JSON.
      Send one JSON object per line.
    usage.kind 2
      It is not said what kind of order this is, or two kinds at once.
      Say exactly one of --market, --limit P, --stop P (with --limit P as a stop limit), --trail BPS.
    usage.line 2
      A line of input is longer than what is read.
      Split it: a line has 64 KiB at most.
    usage.lot 2
      The quantity is finer than the lot of the symbol, or rounds to nothing.
      Take one of the two values in the message, or say --round down|up|nearest.
    usage.member 2
      An object of the input has a member that is not known there, or lacks one.
      Compare with `oms help batch`; the message names the nearest member.
    usage.name 2
      A name has a character that names do not have.
      Use 1 to 64 of A-Z a-z 0-9 . _ : -.
    usage.op 2
      A line of the input asks for an operation that does not exist there.
      Use one of those in the hint.
    usage.pair 2
      The word is not KEY=VALUE.
      Write it with a key before the sign.
    usage.percent 2
      A share has no unit, is no number, or is more than 100%.
      Write 0.5%.
    usage.quantity 2
      The quantity is missing, given twice, or of a form that does not go with this order.
      Give QTY or --quote DECIMAL; shares and `all` are for spot sells.
    usage.rate 2
      The rate is not N/s.
      Write for example 50/s.
    usage.scope 2
      Cancelling all orders needs to be told of what.
      Add -a SEL, --symbol S, --strategy N or --venue V.
    usage.selection 2
      The selection of accounts has a part that is neither account, pattern, @group nor `all`.
      Write for example sim.main,'sim.sub*',@desk.
    usage.sort 2
      The key of --sort cannot be read.
      Write FIELD, FIELD:asc or FIELD:desc.
    usage.sum 2
      A field of --sum holds something that is not a number.
      Sum other fields, or leave such rows out with --where.
    usage.symbol 2
      The symbol cannot be read, or is short for several.
      Write it in full: BTC-USDT, BTC-USDT-PERP, venue:BTC-USDT.
    usage.tags 2
      The tags of the order are longer than what is kept.
      Use fewer or shorter ones.
    usage.text 2
      A value is empty.
      Give one.
    usage.tick 2
      A price is finer than the tick of the symbol.
      Take one of the two values in the message, or say --round down|up|nearest.
    usage.time 2
      The instant cannot be read.
      Write RFC 3339, YYYY-MM-DD, now, today, -15m or @SECONDS.
    usage.twice 2
      A flag or key that has one value was given twice.
      Say it once: the last one never wins silently.
    usage.type 2
      A member of the input has another JSON type than it must have.
      Numbers of orders are plain decimals, ids are strings.
    usage.unit 2
      A distance has no unit, or is more than all of it.
      Write 25bps or 0.5%.
    usage.value 2
      The value is not one of those that the flag takes, or two flags exclude each other.
      Choose one of those in the message.
    usage.when 2
      The condition of `wait --when` or --until cannot be read, or names what cannot be compared.
      Write for example 'BTC-USDT.last <= 59000'; see `oms wait --help`.
    usage.words 2
      A list has an empty part.
      Write names with commas and without blanks.
    usage.zone 2
      The zone is not UTC or an offset.
      Write UTC or for example +09:00.
    confirm.declined 12
      The question was answered with something else than yes.
      Repeat and confirm, or add --yes knowingly.
    confirm.needed 12
      The command costs or risks money and nobody could be asked, or the answer must be given beforehand.
      Read the plan (--dry-run), then add --yes knowingly.
    confirm.scope 12
      The command touches many positions or opens trading, and the scope was not said, or not the right one.
      Say --confirm with the scope that the message names.
    auth.peer 11
      The socket belongs to another user of this machine.
      Run as the user of the engine.
    auth.read_only 11
      This socket answers reads only.
      Use the socket `oms.sock` of the instance, as its user.
    engine.gone 16
      The engine closed the connection.
      Look at `oms status`; a command that sends then says 30 instead of this.
    engine.no_answer 16
      The engine did not answer a question in time.
      Repeat with a longer --timeout; look at loop_lag_ns of `oms status`.
    engine.not_running 16
      No engine answers at the socket of this instance.
      Start one: `oms run --detach`; or choose the instance with -I.
    venue.not_served 16
      Nothing that `--venue` names can be steered: nobody listens, or it is another address or token.
      Give what `oms venue serve` prints as `control`; a new one is printed at every start.
    engine.protocol 16
      Client and engine speak different versions.
      Use the `oms` that the engine was started with, or restart the engine.
    engine.stalled 16
      The engine took the question and did not come to answering it in time.
      Repeat it; look at loop_lag_ns of `oms status`.
    engine.stopping 16
      The engine is stopping.
      Wait until it is gone, start it again, then repeat.
    internal.reply 1
      An answer of the engine makes no sense to this client.
      Use the `oms` that the engine was started with; report it if it is the same.
    internal.result 1
      A result is not JSON.
      Report it, with the command.
    outcome.overflow 1
      A sum does not fit 38 digits.
      Sum fewer rows.
    partial.gate_only 32
      The gate is shut, no order leaves any more; the engine did not confirm the cancels.
      Look at the venue's own list of open orders; start the engine, which then begins killed.
    wait.interrupted 130
      A signal ended the command while it was waiting.
      Nothing; the engine goes on.
    notfound.bench 18
      There is no benchmark of that name.
      See `oms bench --list`.
    notfound.code 18
      Nothing is called so: no error code, exit or code of a venue.
      Take the nearest one, which the message names.
    notfound.log 18
      No engine of the instance has kept a diagnostic log in the directory.
      Name the instance (`-I`), or see `oms path logs`.
    notfound.journal 18
      There is no journal in the directory.
      Name it, or see `oms path state`.
    drift.journal 41
      The journal holds a record that is damaged.
      See `oms journal verify`; go on behind it with `oms run --adopt` once it was copied.
    """)
}
