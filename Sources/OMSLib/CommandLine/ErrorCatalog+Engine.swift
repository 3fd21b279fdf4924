// What the engine says to a request: who is not there, who must wait, how it ended.

extension ErrorCatalog {
  static let engine = read(
    """
    busy.account 16
      The account takes no new risk until it was compared with its venue.
      Repeat with the same id after retry_after_ms.
    busy.capacity 16
      There is no room for more open orders.
      Cancel some, then repeat with the same id.
    busy.clients 16
      The engine has as many clients as it takes.
      Close some, or put the commands into one `oms batch -`.
    busy.grants 16
      As many rings are granted as there are.
      Close the connection of one.
    busy.id_index 16
      It cannot be told yet whether the id was used before.
      Repeat with the same id after retry_after_ms.
    busy.job 17
      A command with the same --job runs.
      Skip this turn, or wait with --lock-wait DUR.
    busy.journal 16
      The journal cannot keep up, its disk takes nothing, or records may have been lost.
      Look at `oms status` and the disk, then repeat with the same id.
    busy.not_attempted 16
      The line was not sent: another one failed before it, or the batch was ended.
      Send these lines again; --on-error continue tries all.
    busy.role 17
      Another connection holds the ring of this role.
      Close that one, or take another name.
    busy.roles 16
      As many names of roles have been used as are ever kept.
      Use one of them again.
    busy.reload 17
      Another reload of the configuration is under way.
      Wait a moment, then reload again.
    conflict.amend_pending 19
      An amend of this order is under way.
      Wait for it: `oms wait ID --for open`.
    conflict.id 19
      The id was used before, with other parameters.
      Look at `oms orders ID`; choose a new id for a new order.
    conflict.replacements_exhausted 19
      The order was replaced as often as its wire id allows.
      Cancel it and place a new one.
    grant.bad_command 2
      A command in the ring has values that mean nothing; the ring was revoked, and what lay behind it was not read.
      Fill the fields as cc_client.h says, then attach again.
    grant.out_of_scope 11
      A command in the ring is for an account that the ring was not granted for; it was not recorded.
      Ask for a ring with that account.
    grant.rate 14
      A command in the ring was one too many a second for its grant; it was not recorded.
      Push it again later, or ask for a ring with a higher rate.
    grant.ring_damaged 2
      The positions in the ring cannot be; it was revoked.
      Write through the functions of cc_client.h only, then attach again.
    grant.sequence_repeated 19
      A command in the ring has a sequence that is not above the last one taken.
      Attach again to learn how far the role came; look orders up as ROLE/SEQUENCE.
    guard.engine 13
      The account is live and the engine is a paper engine.
      Start the engine with `oms run --live`, knowingly.
    guard.live 13
      The account is live and the command does not say that it may touch live accounts.
      Add --live knowingly.
    guard.simulated 13
      The controls of `oms sim` were refused, or steer something that is not the built-in exchange.
      Use them on the venue `sim` only.
    halted.alarm_open 15
      An alarm keeps new risk out until somebody has looked.
      See `oms events --level alarm -n 5`; then `oms resume`.
    halted.clock_uncertain 15
      The clock of this machine stepped back.
      Set it right, then `oms resume --clock`.
    halted.halted 15
      Trading of this scope is halted: no new orders.
      Ask who halted it (`oms events --kind trading.state -n 5`); `oms resume`.
    halted.killed 15
      The kill switch is on for this scope.
      Find out why (`oms events --kind trading.state -n 5`); `oms resume --confirm SCOPE`.
    halted.paused 15
      Trading of this scope is paused: nothing may open risk.
      Ask who paused it (`oms events --kind trading.state -n 5`); `oms resume`.
    halted.stopping 15
      The engine is stopping and takes no new orders.
      Start it again, then repeat with the same id.
    notfound.account 18
      No account of that name is configured.
      See `oms accounts`.
    notfound.account_removed 18
      The account is not configured any more; what it has left can be cancelled and closed.
      Configure it again, or use another.
    notfound.asset 18
      The venue has no such asset.
      See `oms balances`.
    notfound.group 18
      No account group has that name.
      See the groups in accounts.yaml.
    notfound.order 18
      There is no order with that id here, or the venue does not know it.
      See `oms orders`; a retry of an order that was never taken is safe.
    notfound.strategy 18
      No strategy has that name.
      See strategies.yaml.
    notfound.symbol 18
      No venue trades that symbol here.
      See `oms symbols`.
    notfound.unknown_account 18
      No account of that name is configured.
      See `oms accounts`.
    notfound.unknown_order 18
      There is no order with that id.
      See `oms orders`.
    notfound.unknown_strategy 18
      No strategy has that name.
      See strategies.yaml.
    notfound.unknown_symbol 18
      No venue trades that symbol here.
      See `oms symbols`.
    notfound.venue 18
      No venue of that name is configured.
      See `oms accounts` for the venues in use.
    outcome.cancelled 24
      The order ended as cancelled, and something else was waited for.
      Look at `filled` and `reason` of the order, then decide.
    outcome.done 24
      The order has ended, there is nothing to change.
      Look at `oms orders ID`.
    outcome.expired 24
      The order expired, and something else was waited for.
      Look at `filled` and `reason` of the order, then decide.
    outcome.filled 24
      The order filled, and something else was waited for, such as its cancel.
      The position is there: decide about it.
    outcome.not_placed 16
      The venue has proved that it never had the order.
      Repeat it; with the same id the answer stays this one, so take a new id.
    outcome.not_sent 16
      The order ended before anything was sent.
      Repeat it with a new id.
    outcome.rejected 24
      The order was rejected, and something else was waited for.
      Look at `reason` and `venue_code` of the order.
    outcome.unknown 30
      Something left and no answer came. The order may be at the venue.
      `oms wait ID --for known`; never repeat it with a new id, the same id is safe.
    partial.flatten 32
      Positions are left after several attempts.
      See `oms positions --nonzero` and the events; repeat, or close the rest by hand.
    partial.kill 32
      The gate is shut; some cancels were not confirmed.
      See `oms orders --open`; the rest is asked for until it is known.
    stream.gap 40
      Events between the last seen and the next are not kept any more.
      Read the state anew (`oms orders`, `oms positions`), then follow from there.
    stream.idle 31
      Nothing came for as long as --idle says.
      Nothing need be wrong; `oms status` tells whether the venue is up.
    stream.stale 40
      The price is older than --max-age.
      Wait for the feed, or look at `ws` of `oms accounts`.
    wait.timeout 31
      The time was up before the condition held; the state is known and was printed.
      Wait longer, or cancel.
    venue.amend_rejected 20
      The venue left the order as it was.
      Read venue_code; the order still works on its old terms.
    venue.auth 21
      The venue refused the key, the address or the permission.
      Fix the key at the venue; orders of this account will fail until then.
    venue.banned 22
      The venue has banned this address or key for a while.
      Send nothing until retry_after_ms has passed.
    venue.clock 20
      The venue found the request too old or from the future.
      Synchronise the clock of this machine.
    venue.closed 23
      The market is closed, the symbol suspended, or the venue in maintenance.
      Try later.
    venue.refused 16
      The venue cannot be asked now.
      Repeat the question later.
    venue.rejected 20
      The venue answered and refused.
      Read venue_code: `oms explain VENUE:CODE`.
    venue.silent 31
      The venue has not answered a question in time.
      Repeat the question with a longer --timeout.
    venue.throttled 22
      The venue counted too many requests and did not execute this one.
      Wait retry_after_ms, then repeat with the same id; send less.
    engine.no_tape 16
      The exchange is in another process, and trades of its markets do not come through its door.
      Ask an engine that holds the exchange itself.
    notfound.funding 18
      The symbol is no perpetual: it pays no funding.
      See `oms symbols --class perp`.
    """)
}
