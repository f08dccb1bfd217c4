import POSIX
import Synchronization

/// Collects a part's received bytes into whole blocks, and writes these on other threads than the receiving one.
final class PartWriter: Sendable {
    private struct State {
        /// The file offset of the next byte.
        var position: Int64
        var block: Block?
        /// Blocks that are being written or wait for their turn.
        var onTheirWay = 0
        /// Blocks that wait for the one before them, where the order matters.
        var waitingBlocks: [Block] = []
        var failure: StorageError?
        var waiting: CheckedContinuation<Void, Never>?
    }

    /// The number of blocks that may wait for their turn before the network has to wait.
    private static let mostWaiting = 8

    private let isOrdered: Bool
    private let queue: WriteQueue
    private let offset: Int64
    private let write: @Sendable (UnsafeRawBufferPointer, Int64) throws(StorageError) -> Void
    private let state: Mutex<State>

    /// Creates a writer for a part whose first byte belongs at `offset`.
    ///
    /// `write` receives blocks with their file offset, several at once and in any order; with `isOrdered`, one after
    /// the other.
    init(
        _ queue: WriteQueue, at offset: Int64, isOrdered: Bool = false,
        write: @escaping @Sendable (UnsafeRawBufferPointer, Int64) throws(StorageError) -> Void
    ) {
        self.queue = queue
        self.isOrdered = isOrdered
        self.offset = offset
        self.write = write
        state = Mutex(State(position: offset))
    }

    /// Starts the part over from its first byte.
    func restart() {
        // Blocks still being written must not overwrite the new ones. This happens only after an interrupted answer.
        waitWhile { $0.onTheirWay > 0 }
        state.withLock { state in
            if let block = state.block { queue.giveBack(block) }
            state = State(position: offset)
        }
    }

    /// Takes the next bytes; throws an error of earlier writes.
    func take(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var rest = bytes
        while !rest.isEmpty {
            let full = try state.withLock { (state) throws(StorageError) -> Block? in
                if let failure = state.failure { throw failure }
                let block = state.block ?? begin(at: state.position)
                let count = block.append(rest)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                state.position += Int64(count)
                state.block = block.isFull ? nil : block
                if block.isFull { state.onTheirWay += 1 }
                return block.isFull ? block : nil
            }
            guard let full else { continue }
            send(full)
            if isOrdered { waitWhile { $0.waitingBlocks.count > Self.mostWaiting } }
        }
    }

    /// Blocks the transfer thread, which has nothing else to do meanwhile.
    private func waitWhile(_ isSo: (borrowing State) -> Bool) {
        while state.withLock({ isSo($0) }) { BlockingThread.sleep(milliseconds: 1) }
    }

    /// Waits until all received bytes are written to the file.
    func finish() async throws(StorageError) {
        let last = state.withLock { state -> Block? in
            defer { state.block = nil }
            if state.block != nil { state.onTheirWay += 1 }
            return state.block
        }
        if let last { send(last) }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.onTheirWay > 0 { state.waiting = continuation }
                return state.onTheirWay == 0
            }
            if isDone { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func begin(at position: Int64) -> Block {
        let block = queue.take()
        block.begin(at: position)
        return block
    }

    private func send(_ block: Block) {
        let hasTurn = state.withLock { state in
            guard isOrdered, state.onTheirWay > 1 else { return true }
            state.waitingBlocks.append(block)
            return false
        }
        guard hasTurn else { return }
        queue.run { [self] in
            var next: Block? = block
            while let block = next {
                var failure: StorageError?
                do throws(StorageError) { try write(block.bytes, block.offset) } catch { failure = error }
                queue.giveBack(block)
                next = settle(failure)
            }
        }
    }

    /// Records the result of a block; returns the next block in order.
    private func settle(_ failure: StorageError?) -> Block? {
        let (next, waiting) = state.withLock { state -> (Block?, CheckedContinuation<Void, Never>?) in
            state.onTheirWay -= 1
            if state.failure == nil { state.failure = failure }
            let next = state.waitingBlocks.isEmpty ? nil : state.waitingBlocks.removeFirst()
            return (next, state.onTheirWay == 0 ? state.waiting.take() : nil)
        }
        waiting?.resume()
        return next
    }
}
