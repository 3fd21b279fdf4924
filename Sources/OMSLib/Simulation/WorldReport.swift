/// What one seed came to, in values that leave the world.
package struct WorldReport: Sendable {
  package var seed: UInt64
  package var faults: String
  package var durability: String
  package var steps: UInt64
  package var inputs: Int
  package var orders: Int
  package var fills: Int
  package var starts: Int
  /// Of everything durable: two runs of a seed have the same.
  package var digest: UInt64
  package var failures: [String]
  package var probes: [UInt64]
  package var trace: [String]

  package var passed: Bool { failures.isEmpty }
}

/// Runs worlds.
package enum Simulation {
  /// One seed, with faults switched off or set as `change` says.
  package static func run(
    seed: UInt64, traces: Bool = false, faults change: (inout FaultPlan) -> Void = { _ in }
  ) -> WorldReport {
    let world = World(seed: seed, faults: change, traces: traces)
    world.live()
    let failures = world.verdict.failures.map { failure in
      "\(failure.check): \(failure.text) (step \(failure.step), time \(failure.time))"
    }
    return WorldReport(
      seed: seed, faults: world.settings.faults.description, durability: "\(world.settings.durability)",
      steps: world.steps, inputs: world.observer.inputCount, orders: world.observer.orderNumbers.count,
      fills: world.observer.fills.count, starts: world.observer.epochs.count, digest: world.observer.digest,
      failures: failures, probes: world.probes.counts, trace: world.trace.map { Array($0.newest) } ?? [])
  }
}

extension Trace {
  /// One record in words.
  func note(_ record: JournalRecord) {
    let header = record.header
    let name = header.type.map { "\($0)" } ?? "\(header.typeRaw)"
    add("\(header.time.nanoseconds) \(header.lsn) \(name) \(Self.words(record))")
  }

  private static func words(_ record: JournalRecord) -> String {
    switch record.header.type {
    case .order:
      let image = unsafe record.body.loadUnaligned(as: OrderImage.self)
      let status = OrderStatus(rawValue: image.statusRaw).map { "\($0)" } ?? "?"
      let reason = Reason(rawValue: image.reasonRaw).map { "\($0)" } ?? "?"
      let side = Side(rawValue: image.sideRaw).map { "\($0)" } ?? "?"
      let kind = OrderKind(rawValue: image.kindRaw).map { "\($0)" } ?? "?"
      return
        "\(image.id) a\(image.account.number) i\(image.instrument.number) \(side) \(kind) \(image.price)/\(image.stopPrice)"
        + " \(status) \(image.filled)/\(image.quantity) \(reason) r\(image.replacements)"
    case .fill:
      let image = unsafe record.body.loadUnaligned(as: FillImage.self)
      return
        "\(image.id) a\(image.account.number) i\(image.instrument.number) \(image.quantity)@\(image.price) trade \(image.trade.low)"
    case .notice:
      let image = unsafe record.body.loadUnaligned(as: NoticeImage.self)
      let kind = NoticeKind(rawValue: image.kindRaw).map { "\($0)" } ?? "?"
      return "\(kind) \(image.text) a\(image.account.number) i\(image.instrument.number) asset \(image.asset.number) "
        + "\(image.amount.units) \(image.other.units) \(image.a) \(image.b)"
    case .venueEvent:
      let event = unsafe record.body.loadUnaligned(as: VenueEvent.self)
      let kind = event.kind.map { "\($0)" } ?? "?"
      let status = event.status.map { "\($0)" } ?? ""
      return
        "\(kind) \(event.wireID) a\(event.account.number) i\(event.instrument.number) \(status) q\(event.quantity) "
        + "c\(event.cumulative) p\(event.price) trade \(event.trade.low) code \(event.code) request \(event.requestID)"
        + (event.isReplay != 0 ? " replay" : "")
    case .newOrder:
      let input = unsafe record.body.loadUnaligned(as: NewOrderInput.self)
      return
        "\(input.id) a\(input.account.number) i\(input.instrument.number) token \(input.token) \(input.quantity)@\(input.price)"
    case .cancelOrder: return "\(unsafe record.body.loadUnaligned(as: CancelOrderInput.self).id)"
    case .amendOrder:
      let input = unsafe record.body.loadUnaligned(as: AmendOrderInput.self)
      return "\(input.id) \(input.quantity)@\(input.price)"
    default: return ""
    }
  }
}
