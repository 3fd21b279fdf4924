/// The passing of market time: ten ticks a second, each worked off in steps that leave room for their events.
///
/// After a stop the market does not repeat every tick it has missed, which would take seconds for a day: until it is back
/// in the present, one tick stands for a minute (`ExchangeControl.Kind.makeUp`), with the moves of a minute.
extension Exchange {
  /// Ticks in one while missed time is made up.
  static let makeUpPace: Int64 = 600
  /// Its root: how much larger the moves are.
  private static let makeUpRoot: Int128 = 24

  /// How much further the market moves in one tick than in a standard one.
  var moveFactor: Int128 { pace > 1 ? Self.makeUpRoot : 1 }
  static let fundingNanoseconds: Int64 = 8 * 3_600 * 1_000_000_000
  /// Margins are judged every so many ticks: once a second.
  private static let marginTicks: Int64 = 10
  /// Orders that one tick may expire or cancel for a dead man; more follow with the next.
  private static let endingMax = 4_096

  /// Lets market time pass. `false`: the output must be taken first, then call again. Stopping in between changes
  /// nothing about the result.
  package mutating func advance(to end: UTCTime) -> Bool {
    while nextTick <= end.nanoseconds {
      guard output.room >= Self.inputRoom else { return false }
      time = UTCTime(nanoseconds: nextTick)
      step()
    }
    time = max(time, end)
    return true
  }

  /// When the market moves next of its own accord.
  package var nextTickTime: UTCTime { UTCTime(nanoseconds: nextTick) }

  /// One part of a tick: first what is due, then each instrument, then each account.
  private mutating func step() {
    if phase == 0 {
      beginTick()
    } else if phase <= instrumentCount {
      moveMarket(UInt16(phase))
    } else if phase <= instrumentCount + accountCount {
      visitAccount(UInt16(phase - instrumentCount))
    }
    fireTriggered()
    phase += 1
    // Accounts are visited once a second, and when funding is due.
    let visits = pace > 1 || nextTick / Self.tickNanoseconds % Self.marginTicks == 0
    if phase > instrumentCount + (visits ? accountCount : 0) { endTick() }
  }

  private mutating func beginTick() {
    commonMove = Self.draw(&random)
    if nextTick >= nextExpiry { expireOrders() }
    if nextTick >= nextDeadman { fireDeadmen() }
    if nextTick % Self.dayNanoseconds < Self.tickNanoseconds * pace {
      for account in 1...max(accountCount, 1) { rollVolume(account, day: nextTick / Self.dayNanoseconds) }
    }
  }

  private mutating func endTick() {
    phase = 0
    if nextTick >= nextFunding {
      for instrument in 1...max(instrumentCount, 1) {
        markets[instrument].premiumSum = 0
        markets[instrument].premiumCount = 0
      }
      nextFunding += Self.fundingNanoseconds
    }
    nextTick += Self.tickNanoseconds * pace
  }

  private mutating func visitAccount(_ account: UInt16) {
    if nextTick >= nextFunding { payFunding(account) }
    if accounts[Int(account)].isCustomer && accounts[Int(account)].firstPosition != 0 { judgeMargin(account) }
  }

  private mutating func expireOrders() {
    nextExpiry = .max
    var ended = 0
    for account in 1...max(accountCount, 1) where accounts[account].firstOrder != 0 {
      var slot = accounts[account].firstOrder
      while slot != 0 {
        let order = orders[Int(slot)]
        if order.expires != 0 {
          if order.expires <= time.nanoseconds && ended < Self.endingMax {
            end(slot, .expired, why: .goodTillDate)
            ended += 1
          } else {
            nextExpiry = min(nextExpiry, order.expires)
          }
        }
        slot = order.next
      }
    }
  }

  private mutating func fireDeadmen() {
    nextDeadman = .max
    var ended = 0
    for account in 1...max(accountCount, 1) where accounts[account].deadman != 0 {
      let due = accounts[account].deadman
      if due <= time.nanoseconds {
        while ended < Self.endingMax, accounts[account].firstOrder != 0 {
          end(accounts[account].firstOrder, .cancelled, why: .deadman)
          ended += 1
        }
        if accounts[account].firstOrder == 0 { accounts[account].deadman = 0 }
      }
      if accounts[account].deadman != 0 { nextDeadman = min(nextDeadman, accounts[account].deadman) }
    }
  }

  // MARK: - Funding

  /// Premium averaged since the last payment, drawn to the interest rate within the usual bounds, in 10^-8.
  package func fundingRate(of instrument: UInt16) -> Rate {
    let market = markets[Int(instrument)]
    let premium = market.premiumCount == 0 ? 0 : market.premiumSum / market.premiumCount
    let interest: Int64 = 10_000
    let drawn = premium + min(max(interest - premium, -50_000), 50_000)
    return Rate(e8: min(max(drawn, -750_000), 750_000))
  }

  /// Longs pay shorts at a positive rate. Each payment is rounded alone, through the insurance account, which keeps the
  /// rest of the rounding.
  private mutating func payFunding(_ account: UInt16) {
    guard account != Self.insuranceAccount else { return }
    var instrument = accounts[Int(account)].firstPosition
    while instrument != 0 {
      for lane in 0..<laneCount(account)
      where holdings[holdingIndex(account, instrument, lane: lane)].quantity != 0 {
        payFunding(account, instrument, lane)
      }
      instrument = holdings[holdingIndex(account, instrument)].next
    }
  }

  private mutating func payFunding(_ account: UInt16, _ instrument: UInt16, _ lane: Int) {
    let row = holdingIndex(account, instrument, lane: lane)
    let holding = holdings[row]
    let market = markets[Int(instrument)]
    let value = notional(market.mark, holding.quantity, instrument)
    let rate = fundingRate(of: instrument)
    let payment = Self.divideHalfEven(value * Int128(rate.e8), by: 100_000_000)
    let settle = market.rules.settle
    balances[balanceIndex(account, .futures, settle.number)].total -= payment
    balances[balanceIndex(Self.insuranceAccount, .futures, settle.number)].total += payment
    if holding.marginModeRaw == MarginMode.isolated.rawValue {
      holdings[row].isolatedWallet -= payment
    }
    guard accounts[Int(account)].isCustomer else { return }
    var event = VenueEvent(.funding)
    event.account = AccountID(number: account)
    event.instrument = InstrumentID(number: instrument)
    event.asset = settle
    event.fee = Money(units: payment)
    event.price = market.mark
    event.quantity = holding.quantity
    event.cumulative = rate.e8
    // One payment is told from the next, and a long position's from a short one's.
    event.trade = VenueReference(high: UInt64(lane), low: UInt64(nextFunding / Self.fundingNanoseconds))
    event.positionSideRaw = positionSide(account, lane: lane).rawValue
    event.walletRaw = Wallet.futures.rawValue
    emit(event)
  }
}
