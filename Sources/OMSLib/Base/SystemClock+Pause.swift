import Glibc

extension SystemClock {
  /// Gives the machine to others for a while: what a client does between two looks at something nobody announces.
  package func pause(milliseconds: UInt32) { _ = usleep(milliseconds * 1000) }
}
