// Trading from a program, without a process or a line of JSON for each order.

extension HelpTopic {
  package static let rings = HelpTopic(
    "rings", "Orders from programs through shared memory",
    [
      .text(
        """
        A program asks the engine at its socket for a ring (`cc_client_attach` of cc_client.h), and then puts orders into \
        memory that the engine looks at each turn. They pass the same gate, locks, limits and record as all others. The \
        ring ends with the connection; what was in it is run first.
        """),
      .heading("What is asked for"),
      .terms([
        ("role", "who trades: the first half of its orders' ids; held by one connection at a time"),
        ("account", "accounts, globs, @groups, as for -a; orders of others are refused"),
        ("mode", "paper, or live with live and yes, as for an order that costs money"),
        ("rate", "new orders and changes a second; cancels are not counted"),
      ]),
      .verbatim(
        """
        {"req":1,"op":"grant","role":"mm","account":"sim.main","mode":"paper","rate":1000}
        """),
      .heading("Once, whatever happens"),
      .text(
        """
        A command has a sequence that rises, and its order the id ROLE/SEQUENCE. The engine records how far each role came \
        and tells whoever attaches: behind a crash of either side push what lies above, with the same sequences. Answers \
        that the ring had no room for are counted; look those orders up.
        """),
      .lines([
        .init("oms orders --open -o tsv --fields id,status", "what is open, with the role's name in front"),
        .init("oms explain grant.bad_command", "why a ring was revoked"),
      ]),
      .text(
        """
        At most 64 rings are granted (busy.grants). {"op":"session","session":ROLE,"on_exit":"cancel"} on the same \
        connection cancels the role's orders when it ends.
        """),
    ])
}
