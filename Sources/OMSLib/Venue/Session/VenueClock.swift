/// How far a venue's clock is from ours, and how sure that is.
///
/// Each question for the time gives a sample: the venue's time lies somewhere between question and answer. The sample
/// whose answer came soonest is the surest, so it counts until a better one comes or it is old. A sample that
/// contradicts it is not believed at once: only when others say the same has the venue's clock jumped.
package struct VenueClock: Sendable {
  package struct Sample: Equatable, Sendable, BitwiseCopyable {
    /// Venue's time minus ours.
    package var offset: Int64
    /// The truth is at most so far from it.
    package var bound: Int64
    /// When it was taken, by engine time.
    package var at: EngineTime
  }

  /// Clocks drift apart by no more than this, as a share of the time that passed.
  private static let driftPartsPerMillion: Int64 = 200
  /// After this time a sample gives way to any newer one.
  private static let patienceNanoseconds: Int64 = 600_000_000_000
  /// So many samples in a row that agree with each other and not with what is believed: the venue's clock has jumped.
  private static let jumpCount = 3
  /// A question whose answer takes longer says too little.
  private static let delayMax: Int64 = 5_000_000_000

  package private(set) var best: Sample?
  private var doubts: [Sample] = []
  /// How often the venue's clock jumped.
  package private(set) var jumps = 0

  package init() {}

  /// Takes a sample in: asked at `sent` and answered at `received` by our calendar, at `now` by engine time. The venue
  /// told its time in steps of `resolution` nanoseconds, rounded down.
  package mutating func take(
    venueTime: UTCTime, resolution: Int64, sent: UTCTime, received: UTCTime, now: EngineTime
  ) {
    let delay = received.nanoseconds - sent.nanoseconds
    guard delay >= 0, delay <= Self.delayMax else { return }
    let middle = sent.nanoseconds + delay / 2
    let sample = Sample(
      offset: venueTime.nanoseconds + resolution / 2 - middle, bound: delay / 2 + resolution / 2 + 1, at: now)
    guard let best else { return accept(sample) }
    let believed = bound(of: best, at: now)
    guard abs(sample.offset - best.offset) <= believed + sample.bound else { return doubt(sample, now) }
    doubts = []
    let isOld = now.nanoseconds - best.at.nanoseconds > Self.patienceNanoseconds
    if sample.bound <= believed || isOld { accept(sample) }
  }

  /// The venue says that our time is wrong, so nothing that is believed of it is worth anything.
  package mutating func forget() {
    best = nil
    doubts = []
  }

  package var offset: Int64 { best?.offset ?? 0 }

  /// How wrong the offset may be; `nil` while nothing is known.
  package func bound(at now: EngineTime) -> Int64? { best.map { bound(of: $0, at: now) } }

  /// The venue's time as far as is known.
  package func time(at utc: UTCTime) -> UTCTime { UTCTime(nanoseconds: utc.nanoseconds + offset) }

  private mutating func doubt(_ sample: Sample, _ now: EngineTime) {
    if let last = doubts.last, abs(sample.offset - last.offset) > bound(of: last, at: now) + sample.bound {
      doubts = []
    }
    doubts.append(sample)
    guard doubts.count >= Self.jumpCount, let surest = doubts.min(by: { $0.bound < $1.bound }) else { return }
    jumps += 1
    accept(surest)
  }

  private mutating func accept(_ sample: Sample) {
    best = sample
    doubts = []
  }

  private func bound(of sample: Sample, at now: EngineTime) -> Int64 {
    let age = max(0, now.nanoseconds - sample.at.nanoseconds)
    return sample.bound + age / 1_000_000 * Self.driftPartsPerMillion
  }
}
