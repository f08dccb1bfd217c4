/// The transfer of one part; each attempt takes a place in the window, which a pause between attempts gives back.
struct PartMove: Sendable {
    let turn: PartTurn
    /// The bytes that go over the network; 0 where the service copies them itself.
    let length: Int64
    /// Called when an attempt starts.
    var onEnter: @Sendable () -> Void = {}
    /// Returns true once all bytes have arrived, regardless of how the request ended.
    var isComplete: @Sendable () -> Bool = { false }
}
