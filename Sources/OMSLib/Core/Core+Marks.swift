// Marks: what positions are worth, what equity follows, and which stage of loss that is.

extension Core {
  mutating func mark(_ input: MarkInput, _ output: inout StepOutput) {
    guard input.instrument.index > 0, input.instrument.index <= Int(state.globals[0].instrumentCount) else { return }
    readMarket(input.market, input.instrument)
    learnVariance(input.instrument.index)
    for account in 1..<(Int(state.globals[0].accountCount) + 1) {
      var row = state.positionIndex[account, input.instrument.index]
      guard row != 0 else { continue }
      while row != 0 {
        revalue(row)
        remeasure(row)
        row = Int(state.positions[row].next)
      }
      appraise(account)
      stage(account, &output)
    }
  }

  /// Unrealised profit at the mark, as the limits see it.
  private mutating func revalue(_ row: Int) {
    let position = state.positions[row]
    let rules = state.instruments[position.instrument.index].rules
    guard rules.instrumentClass != .spot else { return }
    let mark = Price(mantissa: state.instruments[position.instrument.index].market.mark)
    guard mark.mantissa > 0, let worth = position.book.unrealised(mark: mark, scale: Int(rules.priceScale)),
      let profit = inReportCurrency(worth, rules.settle)
    else { return }
    state.accounts[position.account.index].unrealised += profit - position.unrealised
    state.positions[row].unrealised = profit
  }

  /// Exponentially weighted variance of mark returns, in integers: (parts per million)^2 a day, weight 1/16 a sample.
  private mutating func learnVariance(_ instrument: Int) {
    let row = state.instruments[instrument]
    let mark = row.market.mark
    guard mark > 0 else { return }
    let elapsed = stamp.time.nanoseconds - row.varianceAt.nanoseconds
    guard elapsed >= 60_000_000_000 || row.varianceMark == 0 else { return }
    state.instruments[instrument].varianceMark = mark
    state.instruments[instrument].varianceAt = stamp.time
    guard row.varianceMark > 0, elapsed < 3_600_000_000_000 else { return }
    let move = Int64(clamping: Int128(mark - row.varianceMark) * 1_000_000 / Int128(row.varianceMark))
    let capped = min(abs(move), 1_000_000)
    let perDay = Int128(capped) * Int128(capped) * 86_400_000_000_000 / Int128(elapsed)
    let old = row.variance == 0 ? UInt64(2_500_000_000) : row.variance
    let variance = UInt64(clamping: (Int128(old) * 15 + perDay) / 16)
    state.instruments[instrument].variance = variance
    // One day in a hundred: 2.326 standard deviations; never below one percent, never above the whole.
    let deviation = Self.squareRoot(variance)
    let loss = min(max(Int64(deviation) * 2_326 / 1_000, 10_000), 1_000_000)
    state.instruments[instrument].riskQ20 = loss * (1 << 20) / 1_000_000
  }

  /// Integer square root, rounded down.
  static func squareRoot(_ value: UInt64) -> UInt64 {
    var low: UInt64 = 0
    var high: UInt64 = 1 << 32
    while low + 1 < high {
      let middle = (low + high) / 2
      if middle <= value / middle { low = middle } else { high = middle }
    }
    return low
  }

  /// Which stage of drawdown an account has reached; each stage is announced once and has one effect: mild warns,
  /// moderate allows only reducing, severe halts.
  private mutating func stage(_ account: Int, _ output: inout StepOutput) {
    let row = state.accounts[account]
    guard row.hasEquity != 0, row.equityPeak.units > 0 else { return }
    let fall = row.equityPeak - row.equity
    var stage: UInt8 = 0
    for (number, kind) in [LimitKind.drawdownMild, .drawdownModerate, .drawdownSevere].enumerated() {
      let limit = state.limit(kind, .account, account, row.mode)
      guard let allowed = row.equityPeak.times(limit), fall > allowed else { continue }
      stage = UInt8(number + 1)
    }
    guard stage != row.drawdownStage else { return }
    state.accounts[account].drawdownStage = stage
    if stage == 3, row.tradingRaw < TradingState.halted.rawValue {
      state.accounts[account].tradingRaw = TradingState.halted.rawValue
    }
    notice(.drawdownStage, stage == 0 ? .info : stage == 1 ? .warn : .error, &output) { notice in
      notice.account = row.id
      notice.amount = fall
      notice.other = row.equityPeak
      notice.a = Int64(stage)
    }
  }
}
