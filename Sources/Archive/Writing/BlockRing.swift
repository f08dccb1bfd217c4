private import CLinux

/// A ring of blocks of a tar on their way into a blob.
///
/// The writer's thread fills them; one thread hashes them, others compress them, one writes them out, each in order and
/// all at once. Blocks are few, so that memory does not grow with a layer, and whoever is too fast waits.
// Sendable: counters and states are read and written under `lock`, and a block's bytes are written by one thread at a
// time, which the counters say.
final class BlockRing: @unchecked Sendable {
    static let blockSize = 512 << 10
    /// deflate's stored blocks add five bytes to 64 KiB; a sixteenth more is beyond anything it can need.
    private static let outputSize = blockSize + blockSize / 16

    /// What the blob gets for a block.
    struct Compressed {
        let output: UnsafeRawBufferPointer
        let inputCount: Int
        let checksum: UInt32
    }

    private struct Block {
        let memory: UnsafeMutableRawPointer
        let output: UnsafeMutableRawBufferPointer
        /// The block's number once it is compressed.
        var compressed = -1
        var isZero = false
        var count = 0
        var outputCount = 0
        var checksum: UInt32 = 0
    }

    /// A block of zeros, which many blocks of a file with holes are.
    let zeros: UnsafeRawBufferPointer

    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let filledOne: UnsafeMutablePointer<pthread_cond_t>
    private let compressedOne: UnsafeMutablePointer<pthread_cond_t>
    private let freedOne: UnsafeMutablePointer<pthread_cond_t>
    // No array: whoever changes an element of one may copy all of them, under another thread's hands.
    private let blocks: UnsafeMutableBufferPointer<Block>
    /// How many blocks were filled, hashed, taken to compress, and written.
    private var filled = 0
    private var hashed = 0
    private var taken = 0
    private var written = 0
    private var isEnded = false
    private var isStopped = false
    private var threads = 0
    private var reason: ArchiveError?

    /// Room for so many blocks; those that are to be compressed one by one need room for what comes out.
    init(count: Int, hasOutputs: Bool) {
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        (filledOne, compressedOne, freedOne) = (.allocate(capacity: 1), .allocate(capacity: 1), .allocate(capacity: 1))
        for condition in [filledOne, compressedOne, freedOne] { pthread_cond_init(condition, nil) }
        // The kernel's own page of zeros, over and over, as long as nobody writes to it.
        zeros = UnsafeRawBufferPointer(start: calloc(1, Self.blockSize), count: Self.blockSize)
        blocks = .allocate(capacity: count)
        for index in blocks.indices {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.blockSize, alignment: 4096)
            let output = UnsafeMutableRawBufferPointer.allocate(
                byteCount: hasOutputs ? Self.outputSize : 0, alignment: 64)
            blocks.initializeElement(at: index, to: Block(memory: memory, output: output))
        }
    }

    deinit {
        for block in blocks {
            block.memory.deallocate()
            block.output.deallocate()
        }
        blocks.deallocate()
        free(UnsafeMutableRawPointer(mutating: zeros.baseAddress))
        for condition in [filledOne, compressedOne, freedOne] {
            pthread_cond_destroy(condition)
            condition.deallocate()
        }
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}

/// What the writer's thread does.
extension BlockRing {
    /// Memory for the next block, nil where a thread has failed.
    func nextBlock() -> UnsafeMutableRawBufferPointer? {
        locked {
            while !isStopped && filled - min(hashed, written) >= blocks.count { pthread_cond_wait(freedOne, lock) }
            if isStopped { return nil }
            return UnsafeMutableRawBufferPointer(start: blocks[filled % blocks.count].memory, count: Self.blockSize)
        }
    }

    /// Gives the block that ``nextBlock()`` gave to the threads; one of zeros need not have been filled.
    func submit(count: Int, isZero: Bool = false) {
        locked {
            let index = filled % blocks.count
            blocks[index].count = count
            blocks[index].isZero = isZero
            filled += 1
            pthread_cond_broadcast(filledOne)
        }
    }

    /// Says that no more blocks come.
    func end() {
        locked {
            isEnded = true
            pthread_cond_broadcast(filledOne)
            pthread_cond_broadcast(compressedOne)
        }
    }

    /// Waits until every thread has ended.
    func join() {
        locked { while threads > 0 { pthread_cond_wait(freedOne, lock) } }
    }

    /// Why a thread has failed.
    var failure: ArchiveError? { locked { reason } }
}

/// What the threads do.
extension BlockRing {
    /// Counts a thread before it starts.
    func enter() { locked { threads += 1 } }

    /// Counts a thread that has nothing more to do.
    func leave() {
        locked {
            threads -= 1
            pthread_cond_broadcast(freedOne)
        }
    }

    /// Lets every thread end, also for a reason that the writer is to know.
    func stop(_ failure: ArchiveError? = nil) {
        locked {
            isStopped = true
            if reason == nil { reason = failure }
            for condition in [filledOne, compressedOne, freedOne] { pthread_cond_broadcast(condition) }
        }
    }

    /// The next block for the tar's digest, nil after the last.
    func nextToHash() -> UnsafeRawBufferPointer? { locked { content(of: hashed) } }

    func didHash() {
        locked {
            hashed += 1
            pthread_cond_broadcast(freedOne)
        }
    }

    /// The next block to compress and room for what comes out, nil after the last.
    func nextToCompress() -> (number: Int, input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer)? {
        locked {
            while !isStopped && taken == filled && !isEnded { pthread_cond_wait(filledOne, lock) }
            guard let input = content(of: taken) else { return nil }
            taken += 1
            return (taken - 1, input, blocks[(taken - 1) % blocks.count].output)
        }
    }

    func didCompress(_ number: Int, outputCount: Int, checksum: UInt32) {
        locked {
            let index = number % blocks.count
            blocks[index].outputCount = outputCount
            blocks[index].checksum = checksum
            blocks[index].compressed = number
            pthread_cond_broadcast(compressedOne)
        }
    }

    /// The next block for the blob, nil after the last.
    func nextToWrite() -> UnsafeRawBufferPointer? { locked { content(of: written) } }

    /// The next block for the blob once it is compressed, nil after the last.
    func nextCompressed() -> Compressed? {
        locked {
            let index = written % blocks.count
            while !isStopped && blocks[index].compressed != written && !(isEnded && written == filled) {
                pthread_cond_wait(compressedOne, lock)
            }
            guard !isStopped, blocks[index].compressed == written else { return nil }
            let block = blocks[index]
            return Compressed(
                output: UnsafeRawBufferPointer(rebasing: block.output[..<block.outputCount]), inputCount: block.count,
                checksum: block.checksum)
        }
    }

    func didWrite() {
        locked {
            written += 1
            pthread_cond_broadcast(freedOne)
        }
    }

    /// True once nobody waits for what the threads have not done: every block went all the way.
    var isComplete: Bool { locked { !isStopped && isEnded && hashed == filled && written == filled } }

    private func content(of number: Int) -> UnsafeRawBufferPointer? {
        while !isStopped && filled <= number && !isEnded { pthread_cond_wait(filledOne, lock) }
        guard !isStopped, filled > number else { return nil }
        let block = blocks[number % blocks.count]
        return block.isZero
            ? UnsafeRawBufferPointer(rebasing: zeros[..<block.count])
            : UnsafeRawBufferPointer(start: block.memory, count: block.count)
    }
}
