/// First in, first out, without moving anything; emptied, it keeps its memory.
package struct WaitingLine<Element> {
  private var elements: [Element] = []
  private var head = 0

  package init() {}

  package var isEmpty: Bool { head == elements.count }
  package var count: Int { elements.count - head }
  package var first: Element? { head < elements.count ? elements[head] : nil }
  package var last: Element? { head < elements.count ? elements.last : nil }

  package mutating func push(_ element: Element) { elements.append(element) }

  package mutating func pop() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head == elements.count { removeAll() }
    return element
  }

  package mutating func removeAll() {
    elements.removeAll(keepingCapacity: true)
    head = 0
  }

  package mutating func forEach(_ change: (inout Element) -> Void) {
    for index in head..<elements.count { change(&elements[index]) }
  }

  /// Keeps the first `count`.
  package mutating func cut(to count: Int) {
    if count < self.count { elements.removeLast(self.count - count) }
  }
}

extension WaitingLine: Sendable where Element: Sendable {}
