// What keeps an engine from starting, or a configuration from being taken.

extension ErrorCatalog {
  static let configuration = read(
    """
    config.adapter 10
      An exchange, or an account at it, needs an adapter that this build does not have, or has otherwise.
      Use an adapter that the message names.
    config.ca 10
      The file of those whose certificates an exchange's are checked by cannot be read, or has no certificate.
      Correct `ca` in exchanges.yaml; without it those count whom the system believes.
    config.capacity 10
      The configuration names more than the engine has room for.
      Configure less in one instance, and a second instance for the rest.
    config.certificate 10
      A certificate, or the key that belongs to it, cannot be used.
      Name two PEM files that belong together.
    config.core_version 10
      The journal was written by another version of the program.
      Start it with the version that wrote it, or go on behind it with `oms run --adopt`.
    config.decimal 10
      A number is not plain digits, or finer than what is kept.
      Write it out, with as many decimals as the message allows.
    config.depth 10
      The file nests deeper than what is read.
      Write it flatter.
    config.directory 10
      A directory cannot be made or opened, or the one that `-C` or OMS_CONFIG_DIR names is not there.
      Correct the name, or make it, with an owner and a mode that let the engine write.
    config.duplicate 10
      Something is said twice.
      Remove one of the two places.
    config.encoding 10
      The file has bytes that text does not have.
      Save it as UTF-8 without a byte order mark, lines ended by line feeds.
    config.endpoints 10
      An address of an exchange cannot be connected to.
      Correct `endpoints` in exchanges.yaml.
    config.fallback 10
      Orders go over a WebSocket only, and nothing is left when it is down (a warning).
      Add a rest endpoint.
    config.file 10
      A file cannot be read, or is none of those that are read.
      Check its name and mode.
    config.gate 10
      The gate file cannot be read or written.
      Check the state directory; without a gate no engine starts.
    config.identity 10
      The file that names this instance's journal is damaged.
      Restore it from a backup of the state directory.
    config.ids 10
      The index of used ids does not belong to the journal, or cannot be read.
      Move the directory that the message names away; it is made again from the journal.
    config.instance 10
      The name of the instance is too long, or the files say that they are of another one.
      Choose one of at most 64 bytes; name the instance that the files are of with -I, or remove their `instance:`.
    config.invalid 10
      The configuration has errors; each was printed with its place.
      Fix all of them, then repeat.
    config.journal 10
      The journal is empty although there is a snapshot of it.
      Bring the journal back, or begin anew behind the snapshot: `oms snapshot restore newest`.
    config.key 10
      A key is not one of those that the file has at this place.
      Take the nearest one, which the message names.
    config.limits 10
      A live account runs on the built-in limits (a warning).
      Set its limits in risk.yaml.
    config.memory 10
      There is not enough memory, or not enough shared memory.
      Free some, or give /dev/shm more.
    config.missing 10
      A key that is needed at this place is missing.
      Add it as the message says.
    config.name 10
      A name has characters or a length that such names do not have.
      Choose one of the form in the message.
    config.path 10
      A path is relative: whose it would be hangs on who starts the engine.
      Write it from the root.
    config.position_mode 10
      An account holds positions or orders in the other position mode.
      Close them first, or keep the mode.
    config.range 10
      A value is outside its bounds.
      Choose one between those in the message.
    config.reference 10
      A name refers to something that is not configured.
      Configure it, or correct the name.
    config.replay 10
      Replaying the journal does not give what was recorded.
      Start it with the version that wrote it, and report it.
    config.restart 10
      The files change what an engine reads only when it starts.
      Restart the engine, or take that change back; nothing was changed.
    config.restore 10
      The file that says what a restore has to finish is damaged.
      Restore the state directory from a backup.
    config.secret 10
      A secret stands in a file.
      Store it where secrets belong and write a reference: vault:PATH, keystore:NAME, credential:NAME.
    config.size 10
      A file, or a list in it, is longer than what is read.
      Split it.
    config.snapshot 10
      A snapshot cannot be loaded.
      Start with another: `oms snapshot list`, `oms snapshot restore ID`.
    config.socket 10
      The control socket cannot be opened.
      Check the run directory (`oms path run`): owner, mode, and the length of its path.
    config.syntax 10
      The file is not the YAML that is read: no anchors, tags, directives or second documents.
      Write it plainly.
    config.tab 10
      A tab stands in the file.
      Indent with spaces.
    config.symbols 10
      A symbol of the built-in exchange has other rules in the files than its orders and positions were made under.
      Take the change back, give the new rules another name, or begin anew with another state directory.
    config.tag 10
      The instance tag is malformed, or not the one this instance began with.
      Keep the first one: orders at the venue carry it.
    config.timed_limits 10
      The file that says which limits go back at which time cannot be read.
      Restore it, or remove it and look at `oms risk show`: what it had put back stays as it is.
    config.type 10
      A value is of another kind than what belongs there.
      Write a value, a list or a map, as the message says.
    config.unit 10
      A value has no unit, or one that does not belong there.
      Add the unit that the message names.
    config.value 10
      A value is not one of those possible at this place.
      Take one of those in the message.
    config.version 10
      The file is of a version that this build does not read.
      Use a build that does, or write the file for version 1.
    busy.address 17
      Somebody listens at this address already.
      Stop it, or choose another port; 0 is any that is free.
    busy.door 17
      Another process holds an exchange at this door.
      Stop it, or choose another door.
    busy.instance 17
      An engine runs under this instance name already, or has just been killed and still owns the journal ring.
      Use it (`oms status`), stop it (`oms stop`), or choose another name with -I.
    notfound.snapshot 18
      There is no such snapshot.
      See `oms snapshot list`.
    notfound.state 18
      The directory holds no instance.
      Check --state and -I; `oms path state` prints where it is looked for.
    io.exchange 1
      The built-in exchange could not be started on its state.
      See the message; the exchange's files are below `exchange` in the state directory.
    io.ids 1
      The index of used ids could not be written.
      Free the disk, or fix the mode of the state directory.
    io.journal 1
      The journal could not be written or read.
      Free the disk, or fix the mode of the state directory.
    io.journal_damaged 1
      The journal holds a record that is damaged.
      See `oms journal verify`; go on behind it with `oms run --adopt` once it was copied.
    io.log 1
      The event log could not be written.
      Free the disk, or fix the mode of the log directory.
    io.network 1
      The kernel gives no descriptor for connections.
      Raise the limit on open files, or repair the machine.
    io.random 1
      The kernel gives no random bytes.
      Repair the machine.
    io.ring 1
      There is no memory, or no descriptor, for a client's ring.
      Free memory or raise the limit of open files, then attach again.
    io.signals 1
      Signals cannot be read.
      Raise the limit of open files.
    io.snapshot 1
      A snapshot could not be written, read or removed.
      Free the disk, or fix the mode of the state directory.
    io.state 1
      A file of the state directory could not be written.
      Free the disk, or fix its mode.
    io.tables 1
      The shared tables could not be made.
      Free memory, or raise the limit of open files.
    io.threads 1
      A thread could not be started.
      Raise the limit of processes.
    io.venue 16
      An exchange does not tell what it lists, and nothing is known of it from before.
      See the message: network, address, certificate; then start the engine again.
    io.wake 1
      The engine's threads could not be given a way to wake each other.
      Raise the limit of open files.
    config.filter 10
      A limit and the rules of an instrument contradict each other; a warning.
      Change the limit so that orders of the instrument can pass it.
    config.mode 10
      A file can be read or written by more users than it should be; a warning.
      Take the permission away with chmod.
    config.online 10
      Something was to be tested online, and this build has no network; a warning.
      Leave --online out.
    config.unreachable 10
      A strategy or a part of it can never run as it is configured; a warning.
      Name accounts and exchanges that are configured.
    notfound.setting 18
      Nothing is configured under that key.
      See `oms config show --resolved`.
    """)
}
