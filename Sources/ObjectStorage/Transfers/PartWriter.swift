import POSIX
import Synchronization

/// Writes what comes of one part of an object in whole blocks, and on other threads than the one that it comes on.
final class PartWriter: Sendable {
    private struct State {
        /// Where in the file the next byte goes.
        var position: Int64
        var block: Block?
        var onTheirWay = 0
        var failure: StorageError?
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let queue: BlockQueue
    private let offset: Int64
    private let write: @Sendable (UnsafeRawBufferPointer, Int64) throws(StorageError) -> Void
    private let state: Mutex<State>

    /// A part whose first byte goes to `offset`; `write` gets blocks in any order, with their place in the file.
    init(
        _ queue: BlockQueue, at offset: Int64,
        write: @escaping @Sendable (UnsafeRawBufferPointer, Int64) throws(StorageError) -> Void
    ) {
        self.queue = queue
        self.offset = offset
        self.write = write
        state = Mutex(State(position: offset))
    }

    /// The part comes once more from its beginning.
    func restart() {
        // What is still on its way must not come after what comes now. Only an answer that broke off gets here.
        while state.withLock({ $0.onTheirWay > 0 }) { BlockingThread.sleep(milliseconds: 1) }
        state.withLock { state in
            if let block = state.block { queue.giveBack(block) }
            state = State(position: offset)
        }
    }

    /// Takes the next bytes; throws what went wrong with earlier ones.
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
            if let full { send(full) }
        }
    }

    /// Waits until everything that came is in the file.
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
        queue.run { [self] in
            var failure: StorageError?
            do throws(StorageError) { try write(block.bytes, block.offset) } catch { failure = error }
            queue.giveBack(block)
            let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.onTheirWay -= 1
                if state.failure == nil { state.failure = failure }
                return state.onTheirWay == 0 ? state.waiting.take() : nil
            }
            waiting?.resume()
        }
    }
}
