/// One part on its way: each try has a place in the window for itself, and what waits for its next one has none.
struct PartMove: Sendable {
    let turn: PartTurn
    /// Bytes that go over the network; none where the service moves them.
    let length: Int64
    /// Called when a try begins.
    var onEnter: @Sendable () -> Void = {}
    /// True where all of it has come, whatever became of the request.
    var isComplete: @Sendable () -> Bool = { false }
}
