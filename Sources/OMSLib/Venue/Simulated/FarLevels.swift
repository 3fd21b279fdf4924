/// The price levels of one side outside the ladder, sorted: a treap in the shared node table. Rarely touched, so it is
/// built for any number of levels rather than for the last nanosecond.
struct FarLevels: BitwiseCopyable {
  private var root: UInt32 = 0
  /// Highest and lowest level, so that the matching need not descend; meaningless when empty.
  private(set) var highest: Int64 = .min
  private(set) var lowest: Int64 = .max

  var isEmpty: Bool { root == 0 }

  /// 0 when there is no such level.
  func find(_ level: Int64, _ memory: borrowing BookMemory) -> UInt32 {
    var node = root
    while node != 0 && memory.nodes[Int(node)].level != level {
      node = level < memory.nodes[Int(node)].level ? memory.nodes[Int(node)].left : memory.nodes[Int(node)].right
    }
    return node
  }

  mutating func insert(_ level: Int64, _ memory: inout BookMemory) -> UInt32 {
    precondition(find(level, memory) == 0, "a level exists once")
    let node = memory.takeNode()
    memory.nodes[Int(node)] = FarLevel()
    memory.nodes[Int(node)].level = level
    memory.nodes[Int(node)].priority = Self.priority(of: level)
    let (low, high) = split(root, at: level, memory)
    root = merge(merge(low, node, memory), high, memory)
    highest = max(highest, level)
    lowest = min(lowest, level)
    return node
  }

  /// Takes an empty level out.
  mutating func remove(_ level: Int64, _ memory: inout BookMemory) {
    let node = find(level, memory)
    precondition(node != 0, "only a level that exists can go")
    let (low, rest) = split(root, at: level, memory)
    let (only, high) = split(rest, at: level + 1, memory)
    precondition(only == node && memory.nodes[Int(node)].left == 0 && memory.nodes[Int(node)].right == 0)
    memory.releaseNode(node)
    root = merge(low, high, memory)
    if level == highest { highest = last(memory) }
    if level == lowest { lowest = first(memory) }
  }

  /// The nearest level at or above `level` (0: none).
  func ceiling(_ level: Int64, _ memory: borrowing BookMemory) -> UInt32 {
    var node = root
    var found: UInt32 = 0
    while node != 0 {
      if memory.nodes[Int(node)].level >= level {
        found = node
        node = memory.nodes[Int(node)].left
      } else {
        node = memory.nodes[Int(node)].right
      }
    }
    return found
  }

  /// The nearest level at or below `level` (0: none).
  func floor(_ level: Int64, _ memory: borrowing BookMemory) -> UInt32 {
    var node = root
    var found: UInt32 = 0
    while node != 0 {
      if memory.nodes[Int(node)].level <= level {
        found = node
        node = memory.nodes[Int(node)].right
      } else {
        node = memory.nodes[Int(node)].left
      }
    }
    return found
  }

  private func last(_ memory: borrowing BookMemory) -> Int64 {
    let node = floor(.max, memory)
    return node == 0 ? .min : memory.nodes[Int(node)].level
  }

  private func first(_ memory: borrowing BookMemory) -> Int64 {
    let node = ceiling(.min, memory)
    return node == 0 ? .max : memory.nodes[Int(node)].level
  }

  /// Levels below `level`, and the others. Recursion is as deep as the treap: twice the logarithm of the level count.
  private func split(_ node: UInt32, at level: Int64, _ memory: borrowing BookMemory) -> (UInt32, UInt32) {
    guard node != 0 else { return (0, 0) }
    if memory.nodes[Int(node)].level < level {
      let (low, high) = split(memory.nodes[Int(node)].right, at: level, memory)
      memory.nodes[Int(node)].right = low
      return (node, high)
    }
    let (low, high) = split(memory.nodes[Int(node)].left, at: level, memory)
    memory.nodes[Int(node)].left = high
    return (low, node)
  }

  private func merge(_ low: UInt32, _ high: UInt32, _ memory: borrowing BookMemory) -> UInt32 {
    guard low != 0 else { return high }
    guard high != 0 else { return low }
    if memory.nodes[Int(low)].priority > memory.nodes[Int(high)].priority {
      memory.nodes[Int(low)].right = merge(memory.nodes[Int(low)].right, high, memory)
      return low
    }
    memory.nodes[Int(high)].left = merge(low, memory.nodes[Int(high)].left, memory)
    return high
  }

  /// Neighbouring levels get unrelated priorities, the same ones in every run.
  private static func priority(of level: Int64) -> UInt32 {
    var mixer = SplitMix64(seed: UInt64(bitPattern: level))
    return UInt32(truncatingIfNeeded: mixer.next() >> 32)
  }
}
