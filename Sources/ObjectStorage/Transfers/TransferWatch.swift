import Synchronization

/// Observes transfers, and reports what they wait for where no bytes move.
///
/// A caller sets it as the task's ``current``; the code between it and the transfers needs no parameter for it.
package final class TransferWatch: Sendable {
    /// The watch for the transfers of this task and its children.
    @TaskLocal package static var current: TransferWatch?

    private struct State {
        var moved = ContinuousClock.now
        var steps: [Int: TransferStep] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Starts to watch, with now as the time of the last movement.
    package init() {}

    /// The time when bytes last moved.
    ///
    /// Bytes sent a second time count only once they exceed the earlier maximum, and a failed request does not count as
    /// moved.
    package var moved: ContinuousClock.Instant { state.withLock { $0.moved } }

    /// What the transfers wait for: the first missing part of the oldest file; nil without transfers.
    package var reason: String? {
        let first = state.withLock { state in
            state.steps.min { $0.value.rank != $1.value.rank ? $0.value.rank < $1.value.rank : $0.key < $1.key }?.value
        }
        return first?.description
    }

    /// Records that bytes moved.
    func move() { state.withLock { $0.moved = .now } }

    fileprivate func add(_ step: TransferStep) -> Int {
        state.withLock { state in
            state.next += 1
            state.steps[state.next] = step
            return state.next
        }
    }

    fileprivate func remove(_ id: Int) { state.withLock { $0.steps[id] = nil } }

    /// Starts a step of the current watch; nil where the task has none.
    static func begin(_ name: String, _ phase: TransferStep.Phase, as turn: PartTurn? = nil) -> TransferStep? {
        current.map { TransferStep(name, phase, turn, $0) }
    }
}

/// One request or part in progress, as a watch sees it.
final class TransferStep: Sendable, CustomStringConvertible {
    /// The state of the step.
    enum Phase: Sendable {
        case hashing
        case copying
        case waiting
        case sending(Int64)
        case receiving
        case joining
        case pausing(until: ContinuousClock.Instant, because: String)
    }

    /// The order among steps: that of their files and parts.
    struct Rank: Comparable {
        let file: Int
        let part: Int
        static func < (one: Rank, other: Rank) -> Bool { (one.file, one.part) < (other.file, other.part) }
    }

    let rank: Rank
    private let name: String
    private let watch: TransferWatch
    private let id = Atomic(0)
    private let state: Mutex<(phase: Phase, moved: Int64, most: Int64)>

    fileprivate init(_ name: String, _ phase: Phase, _ turn: PartTurn?, _ watch: TransferWatch) {
        self.name = name
        self.watch = watch
        rank = Rank(file: turn?.order.number ?? .max, part: turn?.part ?? 0)
        state = Mutex((phase, 0, 0))
        id.store(watch.add(self), ordering: .relaxed)
    }

    func enter(_ phase: Phase) {
        state.withLock { state in
            state.phase = phase
            state.moved = 0
        }
    }

    /// Sets the bytes moved since the phase began.
    func move(_ bytes: Int64) {
        let isFurther = state.withLock { state in
            state.moved = bytes
            defer { state.most = max(state.most, bytes) }
            return bytes > state.most
        }
        if isFurther { watch.move() }
    }

    /// Ends the step; only a successful one counts as moved.
    func end(wentWell: Bool) {
        watch.remove(id.load(ordering: .relaxed))
        if wentWell { watch.move() }
    }

    var description: String {
        let (phase, moved) = state.withLock { ($0.phase, $0.moved) }
        switch phase {
        case .hashing: return "\(name) waits to be hashed"
        case .copying: return "\(name) is being copied, \(moved) bytes of it so far"
        case .waiting: return "\(name) waits for its turn"
        case .sending(let length):
            return moved < length
                ? "\(name) is being sent, \(moved) of \(length) bytes so far" : "waits for an answer to \(name)"
        case .receiving: return "waits for the bytes of \(name), of which \(moved) came so far"
        case .joining: return "waits for the server to join the parts of \(name)"
        case .pausing(let until, let reason):
            let left = max(0, ContinuousClock.now.duration(to: until).components.seconds + 1)
            return "waits \(left) s for the next try of \(name) (\(reason))"
        }
    }
}
