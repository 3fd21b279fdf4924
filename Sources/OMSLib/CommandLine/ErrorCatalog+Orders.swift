// Why an order may not leave: its shape, and the risk engine.

extension ErrorCatalog {
  static let orders = read(
    """
    usage.bad_iceberg_qty 2
      The shown part of an iceberg is not positive, too fine, or more than the whole.
      Choose a shown quantity below the order's.
    usage.bad_id 2
      The id is not 1 to 64 of A-Z a-z 0-9 . _ : - or has the form of one that the engine makes.
      Choose another id.
    usage.bad_link 2
      The order that --oco names is none that this one can be tied to.
      Name an open order of the same account.
    usage.bad_stop 2
      The stop price or trail is missing, not positive, or on the wrong side.
      Compare it with `oms ticker SYMBOL`.
    usage.expiry_past 2
      The order would expire before it is sent.
      Choose a later instant.
    usage.lot_size 2
      The quantity is finer than the lot of the symbol.
      Round it: `oms symbols` shows the lot.
    usage.overflow 2
      Price times quantity is larger than what is computed with.
      Place a smaller order.
    usage.price_missing 2
      A limit order has no price.
      Say --limit P.
    usage.qty_not_positive 2
      The quantity is zero.
      Give a quantity above zero.
    usage.tick_size 2
      The price is finer than the tick of the symbol.
      Round it: `oms symbols` shows the tick.
    risk.collar 14
      The limit is further from the touch than the collar allows, on the side that costs money.
      Correct the price, or widen it knowingly with --collar or --no-collar.
    risk.daily_loss 14
      The loss of the day has reached its limit.
      Only reducing orders pass; look at `oms pnl` and `oms risk show`.
    risk.drawdown 14
      The drawdown from the peak has reached a stage that keeps new risk out.
      Only reducing orders pass; look at `oms pnl` and `oms risk show`.
    risk.insufficient_balance 14
      Free balance or margin does not cover the order in the worst case.
      Place a smaller one, cancel others, or move funds.
    risk.market_not_enabled 14
      The account is not allowed to trade this kind of market.
      Enable it in accounts.yaml, or take another account.
    risk.max_balance 14
      The order could bring the balance of an asset above its limit.
      Place a smaller one.
    risk.max_gross_notional 14
      All positions and open orders together would be above the gross limit.
      Place a smaller one, or reduce others.
    risk.max_leverage 14
      The account's exposure would be above its leverage limit.
      Place a smaller one, or add margin.
    risk.max_net_notional 14
      The net exposure would be above its limit.
      Place a smaller one, or hedge.
    risk.max_open_orders 14
      There are as many open orders as the limit allows.
      Cancel some.
    risk.max_order_notional 14
      Price times quantity is above the limit of one order.
      Place a smaller one, or several.
    risk.max_order_qty 14
      The quantity is above the limit of one order.
      Place a smaller one, or several.
    risk.max_orders_per_second 14
      More orders than the limit allows were sent within the second.
      Slow down: `oms batch --rate N/s`.
    risk.max_position 14
      The position would be above its limit if all open orders filled.
      Place a smaller one, or cancel others.
    risk.max_var 14
      The value at risk would be above its limit.
      Place a smaller one, or reduce.
    risk.min_liquidation_distance 14
      The position would come closer to its liquidation price than allowed.
      Place a smaller one, or add margin.
    risk.no_mark 14
      There is no price to value the order with.
      Wait for the feed: `oms ticker SYMBOL`.
    risk.not_supported 14
      The venue does not offer this kind, flag or time in force, and it is not emulated.
      Leave the flag out; it is never dropped silently.
    risk.not_trading 14
      The symbol is not trading now.
      See `status` of `oms symbols`.
    risk.notional_too_small 14
      Price times quantity is below what the venue takes.
      Place a larger one: `oms symbols` shows min_notional.
    risk.parent_qty 14
      The child order is larger than what its parent has left.
      Place a smaller one.
    risk.position_side 14
      A hedged account must name one of its two positions, any other account none.
      Say --position long|short, or leave it out.
    risk.qty_too_large 14
      The quantity is above what the venue takes in one order.
      Split it: `oms symbols` shows max_qty.
    risk.qty_too_small 14
      The quantity is below what the venue takes.
      Place a larger one: `oms symbols` shows min_qty.
    risk.rate_budget 14
      The venue's allowance of requests is used up but for what cancels need.
      Wait a moment; send less.
    risk.reduce_only 14
      The order would not only reduce the position.
      Look at `oms positions` and at what already works to close it.
    risk.repeated_reject 14
      The venue rejected the same kind of order several times in a row.
      Find out why before sending more: `oms orders --done --status rejected`.
    risk.self_cross 14
      The order would trade with an own order.
      Cancel the other one, or choose another price.
    risk.stale_market 14
      The price is older than the limit max_market_age.
      Wait for the feed: `oms ticker SYMBOL`.
    """)
}
