import CCore
import Testing

/// Layouts other programs rely on, as Swift sees them: a change here is a new version there.
@Suite struct LayoutTests {
  @Test func sharedStructsHaveTheirPublishedSizes() {
    #expect(MemoryLayout<cc_ring_header>.size == 384)
    #expect(MemoryLayout<cc_owner>.size == 32)
    #expect(MemoryLayout<cc_region_header>.offset(of: \.owner) == 64)
    #expect(MemoryLayout<cc_table_header>.offset(of: \.sections) == 192)
    #expect(MemoryLayout<cc_position_row>.size == 256)
    #expect(MemoryLayout<cc_order_row>.size == 240)
    #expect(MemoryLayout<cc_histogram>.size == 64 + 1_184 * 8)
  }

  /// The hash of version 1. If this fails the tables changed: give them a new version, then the new hash.
  @Test func theTableLayoutIsThatOfItsVersion() {
    #expect(CC_TABLE_VERSION == 1)
    #expect(cc_table_layout_hash() == 0xDB8D_8432_F36B_09B7)
  }

  /// As above, for what clients write. The engine and its clients would misread each other.
  @Test func theRingLayoutIsThatOfItsVersion() {
    #expect(CC_CLIENT_VERSION == 1)
    #expect(cc_client_layout_hash() == 0x532C_E427_F25E_566C)
    #expect(MemoryLayout<cc_command>.size == 120 && MemoryLayout<cc_reply>.size == 56)
  }

  @Test func rowSizesAreWholeWords() {
    for section in 0..<UInt32(CC_TABLE_SECTIONS) { #expect(cc_table_row_size(section) % 8 == 0) }
    #expect(cc_table_row_size(UInt32(CC_TABLE_SECTIONS)) == 0)
  }
}
