import Testing

@testable import OMSLib

/// A type that goes as raw bytes into records, rings and rows, and the size that readers of stored bytes rely on.
struct Layout: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let size: Int
  let stride: Int
  /// Bytes of all fields together: less than `size` when the compiler put padding between them.
  let fieldBytes: Int
  let pinned: Int

  init<T: BitwiseCopyable>(_ value: T, _ pinned: Int) {
    testDescription = "\(T.self)"
    size = MemoryLayout<T>.size
    stride = MemoryLayout<T>.stride
    fieldBytes = Layout.bytes(of: value)
    self.pinned = pinned
  }

  private static func bytes(of value: Any) -> Int {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .struct || mirror.displayStyle == .tuple, !mirror.children.isEmpty else {
      return leafBytes(of: value)
    }
    return mirror.children.reduce(0) { $0 + bytes(of: $1.value) }
  }

  private static func leafBytes(of value: Any) -> Int {
    func size<T>(_: T) -> Int { MemoryLayout<T>.size }
    return size(value)
  }
}

@Suite struct LayoutTests {
  static let layouts = [
    // Numbers.
    Layout(Price.zero, 8), Layout(Quantity.zero, 8), Layout(Money.zero, 16), Layout(Rate.zero, 8),
    Layout(Text32(), 32), Layout(Text64(), 64), Layout(VenueReference.none, 16), Layout(TopOfBook(), 80),
    Layout(Scope(), 8), Layout(WireID.Key(high: 0, low: 0), 16),
    // Inputs.
    Layout(Instrument(), 176), Layout(StartInput(), 64), Layout(DefineAssetInput(), 40), Layout(DefineVenueInput(), 56),
    Layout(DefineStrategyInput(), 40), Layout(DefineAccountInput(), 80), Layout(NewOrderInput(), 336),
    Layout(CancelOrderInput(), 80), Layout(AmendOrderInput(), 184), Layout(CancelManyInput(), 32),
    Layout(SetTradingInput(), 88), Layout(SetAccountInput(), 16), Layout(TriggerFireInput(), 112),
    Layout(MarkInput(), 88),
    Layout(ClockOffsetInput(), 16), Layout(ReconcileInput(), 16), Layout(AlarmInput(), 16), Layout(SetTextInput(), 456),
    Layout(EmptyInput(), 16), Layout(IDIndexInput(), 16), Layout(IDRow(), 336), Layout(SetLimitInput(), 48),
    Layout(OpenRoleInput(), 40), Layout(RoleOrderInput(RoleStamp(.none, 0)), 352),
    Layout(RoleCancelInput(RoleStamp(.none, 0)), 24), Layout(RoleAmendInput(RoleStamp(.none, 0)), 208),
    // Events and messages.
    Layout(OrderImage(), 272), Layout(FillImage(), 224), Layout(NoticeImage(), 144), Layout(Reply(), 80),
    Layout(VenueRequest(.newOrder), 184), Layout(VenueEvent(.fill), 208),
    // The journal's own.
    Layout(RecordHeader(), 64), Layout(MarkBody(), 64),
    // Books.
    Layout(PositionBook(), 96), Layout(FifoBook(), 96), Layout(Lot(), 48), Layout(MarginLeg(PositionBook()), 32),
    Layout(MarginBracket.none, 64), Layout(BookFill(.buy, quantity: .one, notional: .one), 80),
  ]

  @Test(arguments: layouts)
  func hasNoHiddenPadding(layout: Layout) {
    #expect(layout.fieldBytes == layout.size)
    #expect(layout.size == layout.stride)
  }

  @Test(arguments: layouts)
  func keepsItsSize(layout: Layout) {
    #expect(layout.size == layout.pinned)
  }
}
