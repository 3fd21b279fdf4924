/// Orders of the exchange by (account, wire id): open addressing, newest order of an id wins.
struct WireIndex: ~Copyable {
  private let table: Rows<UInt32>
  private let mask: Int
  private var used = 0

  init(orderCount: Int) {
    var size = 1
    while size < orderCount * 2 { size *= 2 }
    table = Rows(zeroed: size)
    mask = size - 1
  }

  private static func hash(_ account: UInt16, _ id: Text32) -> Int {
    var h = id.words.0 ^ (UInt64(account) &* 0x9E37_79B9_7F4A_7C15)
    h = (h ^ (h >> 29)) &* 0xBF58_476D_1CE4_E5B9 ^ id.words.1
    h = (h ^ (h >> 29)) &* 0xBF58_476D_1CE4_E5B9 ^ id.words.2
    h = (h ^ (h >> 29)) &* 0xBF58_476D_1CE4_E5B9 ^ id.words.3
    h = (h ^ (h >> 32)) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: h >> 16)
  }

  /// 0 when the account has no such order.
  func find(_ account: UInt16, _ id: Text32, _ orders: borrowing Rows<ExchangeOrder>) -> UInt32 {
    var place = Self.hash(account, id) & mask
    while table[place] != 0 {
      let slot = table[place]
      if orders[Int(slot)].account == account && orders[Int(slot)].wireID == id { return slot }
      place = (place + 1) & mask
    }
    return 0
  }

  /// Enters an order; an older one of the same id is forgotten.
  mutating func insert(_ slot: UInt32, _ orders: borrowing Rows<ExchangeOrder>) {
    let order = orders[Int(slot)]
    var place = Self.hash(order.account, order.wireID) & mask
    while table[place] != 0 {
      let other = orders[Int(table[place])]
      if other.account == order.account && other.wireID == order.wireID { break }
      place = (place + 1) & mask
    }
    if table[place] == 0 { used += 1 }
    precondition(used < mask, "the index is twice as large as the table")
    table[place] = slot
  }

  /// Forgets an order, unless a newer one has taken its id.
  mutating func remove(_ slot: UInt32, _ orders: borrowing Rows<ExchangeOrder>) {
    let order = orders[Int(slot)]
    var hole = Self.hash(order.account, order.wireID) & mask
    while table[hole] != slot {
      guard table[hole] != 0 else { return }
      hole = (hole + 1) & mask
    }
    // Close the gap: whatever could not lie at its own place because of the one that goes moves up.
    var place = (hole + 1) & mask
    while table[place] != 0 {
      let other = orders[Int(table[place])]
      let home = Self.hash(other.account, other.wireID) & mask
      if (place - home) & mask >= (place - hole) & mask {
        table[hole] = table[place]
        hole = place
      }
      place = (place + 1) & mask
    }
    table[hole] = 0
    used -= 1
  }
}
