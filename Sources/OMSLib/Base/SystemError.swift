/// A system call that failed: which, on what, and the kernel's number.
package struct SystemError: Error, Equatable, Sendable {
  package let errno: Int32
  package let call: String

  package init(errno: Int32, call: String) {
    self.errno = errno
    self.call = call
  }
}
