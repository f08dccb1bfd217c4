import POSIX
import Synchronization

/// Writes blocks to disk on other threads: enough at once that the network need not wait, up to 16.
final class WriteQueue: Sendable {
    private static let mostOnTheirWay = 16

    private struct State {
        var onTheirWay = 0
        /// Blocks for reuse: their pages are mapped already, while the kernel must find memory for a new block.
        var spare: [Block] = []
    }

    private let limits: TransferLimits
    private let state = Mutex(State())

    init(_ limits: TransferLimits) { self.limits = limits }

    /// Returns an empty block.
    func take() -> Block { state.withLock { $0.spare.popLast() } ?? Block() }

    /// Keeps a block for reuse.
    func giveBack(_ block: Block) { state.withLock { $0.spare.append(block) } }

    /// Runs `body` on another thread, or on this one where 16 blocks are in progress already.
    func run(_ body: @escaping @Sendable () -> Void) {
        let hasRoom = state.withLock { state in
            guard state.onTheirWay < Self.mostOnTheirWay else { return false }
            state.onTheirWay += 1
            return true
        }
        guard hasRoom else { return body() }
        BlockingThread.begin(inBackground: limits.isBackground) { [self] in
            body()
            state.withLock { $0.onTheirWay -= 1 }
        }
    }
}

/// A file's bytes from one multiple of the block size to the next, so that no page is written in two halves.
///
/// Only one thread at a time fills, writes or keeps a block, and it passes the block on through a lock. This order
/// makes the unchecked conformance safe.
final class Block: @unchecked Sendable {
    private static let size = 256 << 10

    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
    private var filled = 0
    /// The block's first byte as an offset in the file.
    private(set) var offset: Int64 = 0

    deinit { memory.deallocate() }

    /// True where the next byte belongs to the next block.
    var isFull: Bool { (offset + Int64(filled)) % Int64(Self.size) == 0 && filled > 0 }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<filled]) }

    /// Empties the block and sets the file offset of its first byte.
    func begin(at offset: Int64) {
        self.offset = offset
        filled = 0
    }

    /// Copies as many bytes as belong to this block, and returns their number.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = Self.size - Int(offset % Int64(Self.size)) - filled
        let count = min(room, bytes.count)
        memory[filled...].copyBytes(from: bytes[..<count])
        filled += count
        return count
    }
}
