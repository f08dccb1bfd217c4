import POSIX
import Synchronization

/// Blocks of bytes on their way to the disk: so many at once that the network need not wait, and no more.
final class BlockQueue: Sendable {
    private static let mostOnTheirWay = 16

    private struct State {
        var onTheirWay = 0
        /// What was written once is memory that is there; the kernel has to find new memory first.
        var spare: [Block] = []
    }

    private let limits: TransferLimits
    private let state = Mutex(State())

    init(_ limits: TransferLimits) { self.limits = limits }

    /// An empty block.
    func take() -> Block { state.withLock { $0.spare.popLast() } ?? Block() }

    /// Keeps a block for the next one who wants any.
    func giveBack(_ block: Block) { state.withLock { $0.spare.append(block) } }

    /// Has something done on another thread, or here and now where too much waits already.
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

/// Bytes of a file from one multiple of the block's size to the next, so that no page is written in two halves.
///
/// One thread at a time fills it, writes it or keeps it, and hands it on through a lock; that order makes the unchecked
/// conformance true.
final class Block: @unchecked Sendable {
    private static let size = 256 << 10

    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
    private var filled = 0
    /// Where in the file the block begins.
    private(set) var offset: Int64 = 0

    deinit { memory.deallocate() }

    /// True where the next byte belongs into another block.
    var isFull: Bool { (offset + Int64(filled)) % Int64(Self.size) == 0 && filled > 0 }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<filled]) }

    /// Begins anew, with the byte at this place of the file.
    func begin(at offset: Int64) {
        self.offset = offset
        filled = 0
    }

    /// Takes as much as belongs into it, and returns how much that is.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = Self.size - Int(offset % Int64(Self.size)) - filled
        let count = min(room, bytes.count)
        memory[filled...].copyBytes(from: bytes[..<count])
        filled += count
        return count
    }
}
