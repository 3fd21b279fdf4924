import Foundation
import Testing

@testable import OMSLib

/// The journal on the machine's own files, with its thread, its sleep and a reader beside it.
@Suite struct JournalThreadTests {
  @Test(.timeLimit(.minutes(1)))
  func aThreadWritesWhileTheOwnerAppendsAndAReaderFollows() throws {
    let root = NSTemporaryDirectory() + "oms-journal-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let fileSystem = KernelFileSystem()
    try fileSystem.makeDirectory(root)
    defer { try? FileManager.default.removeItem(atPath: root) }
    var options = JournalOptions(directory: root + "/journal", identity: JournalKit.identity)
    options.segmentBytes = 1 << 18
    let memory = JournalRingMemory(capacity: 1 << 16)
    let ring = memory.makeRing(identity: JournalKit.identity, epoch: 1)
    var appender = JournalAppender(ring: ring, end: JournalEnd())
    let writer = try JournalWriter(
      fileSystem: fileSystem, options: options, ring: ring, start: JournalStart(), utc: .zero)
    let total: UInt64 = 5_000
    let handOver = HandOver(writer)
    let thread = Thread {
      guard var writer = handOver.writer.take() else { return }
      while ring.durableLsn < total {
        if writer.poll(now: EngineTime(nanoseconds: 1), utc: .zero) == 0 {
          ring.sleepUnlessAppended(beyond: ring.durablePosition, timeoutNanoseconds: 50_000_000)
        }
      }
      _ = writer.close(now: EngineTime(nanoseconds: 2), utc: .zero)
      handOver.isDone.signal()
    }
    thread.start()

    var tailer = JournalTailer(fileSystem: fileSystem, options: options, ring: ring)
    var seen: UInt64 = 0
    var appended: UInt64 = 0
    while seen < total {
      if appended < total {
        let lsn = JournalKit.body(appended + 1).withUnsafeBytes {
          appender.append(RecordType.mark.rawValue, time: EngineTime(nanoseconds: 1), utc: .zero, body: $0)
        }
        if lsn != nil { appended += 1 }
        appender.publish()
      }
      while let record = try tailer.next() {
        seen += 1
        let isRight = record.lsn == seen && record.body.starts(with: JournalKit.body(seen))
        #expect(isRight)
        #expect(record.lsn <= ring.durableLsn)
      }
    }
    handOver.isDone.wait()
    var recovery = try JournalRecovery(fileSystem: fileSystem, options: options)
    var count: UInt64 = 0
    while try recovery.next() != nil { count += 1 }
    #expect(count == total)
    #expect(recovery.report.isOrderly)
  }

  /// Carries the writer to its thread; `isDone` orders its end before the reader's look.
  private final class HandOver: @unchecked Sendable {
    var writer: JournalWriter<KernelFileSystem>?
    let isDone = DispatchSemaphore(value: 0)
    init(_ writer: consuming JournalWriter<KernelFileSystem>) { self.writer = consume writer }
  }
}
