import Synchronization

/// Lets so many through at once, the others in the order in which they came.
final class Turnstile: Sendable {
    private struct State {
        var inside = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
        var next = 0
    }

    private let state = Mutex(State())

    /// True where somebody waits.
    var isCrowded: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Does something when its turn comes; `limit` is asked whenever somebody comes or goes.
    func run<Value: Sendable>(
        _ action: String, atMost limit: @Sendable () -> Int, _ body: () async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        guard await enter(limit) else { throw StorageError(.cancelled, action, "cancelled") }
        defer { leave(limit) }
        return try await body()
    }

    /// False where the task was cancelled meanwhile; otherwise whoever came in says when it leaves.
    private func enter(_ limit: @Sendable () -> Int) async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if state.inside < limit() {
                        state.inside += 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                    // It may not wait yet; one that is inside already never asks again.
                    state.cancelled.insert(number)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            waiting?.resume(returning: false)
        }
    }

    private func leave(_ limit: @Sendable () -> Int) {
        let entering = state.withLock { state in
            state.inside -= 1
            // Nobody is left who could still ask.
            if state.inside == 0, state.waiting.isEmpty { state.cancelled = [] }
            let room = max(0, limit() - state.inside)
            let entering = state.waiting.prefix(room).map(\.continuation)
            state.waiting.removeFirst(entering.count)
            state.inside += entering.count
            return entering
        }
        for continuation in entering { continuation.resume(returning: true) }
    }
}
