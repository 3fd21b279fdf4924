import OMSLib
import OMSVenue

/// The files of the recordings that a served exchange tells, read as far ahead as it wants.
struct VenueFeeds {
  private struct Feed {
    let path: String
    let file: KernelFile
    let product: VenueProduct
  }

  private static let pieceBytes = 1 << 16

  private var feeds: [Feed] = []

  init(
    _ paths: [String], speed: Int64, into server: inout VenueServer<NoExchangeRecorder>
  ) throws(ErrorObject) {
    for path in paths {
      let file: KernelFile
      do { file = try KernelFileSystem().open(path, .read) } catch { throw .io(error, path) }
      let beginning = try Self.read(path, file)
      let product = ReplaySource.product(ofBeginning: beginning)
      guard !feeds.contains(where: { $0.product == product }) else {
        throw .usage("file", "\(path) is of \(product.rawValue), as \(feeds.map(\.path).joined()) is")
      }
      feeds.append(Feed(path: path, file: file, product: product))
      server.replay(ReplaySource(product, speed: speed))
      try Self.hand(beginning, feeds[feeds.count - 1], &server)
    }
    try feed(&server)
  }

  /// Hands over what is wanted now.
  mutating func feed(_ server: inout VenueServer<NoExchangeRecorder>) throws(ErrorObject) {
    for feed in feeds {
      while server.wantsRecording(feed.product) { try Self.hand(try Self.read(feed.path, feed.file), feed, &server) }
    }
  }

  private static func read(_ path: String, _ file: KernelFile) throws(ErrorObject) -> [UInt8] {
    do { return try DescriptorReader.read(file.descriptor, atMost: pieceBytes) } catch { throw .io(error, path) }
  }

  private static func hand(
    _ bytes: [UInt8], _ feed: Feed, _ server: inout VenueServer<NoExchangeRecorder>
  ) throws(ErrorObject) {
    do throws(ReplaySource.Fault) {
      try server.take(recording: bytes, of: feed.product)
    } catch {
      throw .usage("file", "\(feed.path): \(error)")
    }
  }
}
