private import CLinux
import Wording

/// A ring buffer of tar blocks on the way into a blob.
///
/// The writer's thread fills blocks, one thread hashes them, others compress them, and one writes them out, each in
/// order and all concurrently. The number of blocks is small and fixed, so memory does not grow with a layer, and a
/// stage that is too fast waits.
// Sendable: counters and states are accessed under `lock`, and the counters ensure that one thread at a time writes a
// block's bytes.
final class BlockRing: @unchecked Sendable {
    static let blockSize = 512 << 10
    /// Stored blocks of deflate add five bytes per 64 KiB; a sixteenth more is always enough.
    private static let outputSize = blockSize + blockSize / 16

    /// The compressed form of a block.
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

    /// A block of zeros, which many blocks of a sparse file equal.
    let zeros: UnsafeRawBufferPointer

    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let filledOne: UnsafeMutablePointer<pthread_cond_t>
    private let compressedOne: UnsafeMutablePointer<pthread_cond_t>
    private let freedOne: UnsafeMutablePointer<pthread_cond_t>
    // Not an array: changing an element could copy the whole array while another thread uses it.
    private let blocks: UnsafeMutableBufferPointer<Block>
    /// The number of blocks filled, hashed, taken for compression, and written.
    private var filled = 0
    private var hashed = 0
    private var taken = 0
    private var written = 0
    private var isEnded = false
    private var isStopped = false
    private var threads = 0
    private var reason: (any Error)?

    /// Creates a ring of `count` blocks; blocks that are compressed one by one need output buffers.
    init(count: Int, hasOutputs: Bool) {
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        (filledOne, compressedOne, freedOne) = (.allocate(capacity: 1), .allocate(capacity: 1), .allocate(capacity: 1))
        for condition in [filledOne, compressedOne, freedOne] { pthread_cond_init(condition, nil) }
        // calloc maps the kernel's shared zero page, which stays shared as long as it is not written.
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

/// The operations of the writer's thread.
extension BlockRing {
    /// Returns memory for the next block; nil where a thread has failed.
    func nextBlock() -> UnsafeMutableRawBufferPointer? {
        locked {
            while !isStopped && filled - min(hashed, written) >= blocks.count { pthread_cond_wait(freedOne, lock) }
            if isStopped { return nil }
            return UnsafeMutableRawBufferPointer(start: blocks[filled % blocks.count].memory, count: Self.blockSize)
        }
    }

    /// Passes the block from ``nextBlock()`` to the threads; a block of zeros need not be filled.
    func submit(count: Int, isZero: Bool = false) {
        locked {
            let index = filled % blocks.count
            blocks[index].count = count
            blocks[index].isZero = isZero
            filled += 1
            pthread_cond_broadcast(filledOne)
        }
    }

    /// Marks the end of the blocks.
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

    /// The reason why a thread has failed.
    var failure: (any Error)? { locked { reason } }
}

/// The operations of the other threads.
extension BlockRing {
    /// Counts a thread before it starts.
    func enter() { locked { threads += 1 } }

    /// Counts out a thread that has finished.
    func leave() {
        locked {
            threads -= 1
            pthread_cond_broadcast(freedOne)
        }
    }

    /// Ends every thread; `failure` is reported to the writer.
    func stop(_ failure: (any Error)? = nil) {
        locked {
            isStopped = true
            if reason == nil { reason = failure }
            for condition in [filledOne, compressedOne, freedOne] { pthread_cond_broadcast(condition) }
        }
    }

    /// Returns the next block for the tar's digest; nil after the last.
    func nextToHash() -> UnsafeRawBufferPointer? { locked { content(of: hashed) } }

    func didHash() {
        locked {
            hashed += 1
            pthread_cond_broadcast(freedOne)
        }
    }

    /// Returns the next block to compress with its output buffer; nil after the last.
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

    /// Returns the next block for the blob; nil after the last.
    func nextToWrite() -> UnsafeRawBufferPointer? { locked { content(of: written) } }

    /// Returns the next compressed block for the blob; nil after the last.
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

    /// True once every block was hashed and written.
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
