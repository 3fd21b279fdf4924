/// First in, first out, without moving anything.
struct WaitingLine<Element> {
  private var elements: [Element] = []
  private var head = 0

  var count: Int { elements.count - head }
  var first: Element? { head < elements.count ? elements[head] : nil }
  var last: Element? { head < elements.count ? elements.last : nil }

  mutating func push(_ element: Element) { elements.append(element) }

  mutating func pop() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head == elements.count { removeAll() }
    return element
  }

  mutating func removeAll() {
    elements.removeAll(keepingCapacity: true)
    head = 0
  }

  mutating func forEach(_ change: (inout Element) -> Void) {
    for index in head..<elements.count { change(&elements[index]) }
  }

  /// Keeps the first `count`.
  mutating func cut(to count: Int) {
    if count < self.count { elements.removeLast(self.count - count) }
  }
}
