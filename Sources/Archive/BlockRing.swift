private import CLibISAL
private import CLinux
private import POSIX

/// A ring of blocks: the caller fills and drains them in order, threads compress them in between.
///
/// Blocks in flight are as many as the threads can use and no more, so that memory does not grow with a layer.
// Sendable: everything that both sides touch is read and written under `lock`, and a block's bytes belong to one side
// at a time, which its state says.
final class BlockRing: @unchecked Sendable {
    static let blockSize = 1 << 20
    /// deflate's stored blocks add five bytes to 64 KiB; a sixteenth more is beyond anything it can need.
    private static let outputSize = blockSize + blockSize / 16

    private enum State { case free, queued, compressing, done }

    private struct Block {
        let input: UnsafeMutableRawPointer
        let output: UnsafeMutableRawPointer
        var inputCount = 0
        var outputCount = 0
        var state = State.free
    }

    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    // No array: whoever changes an element of one may copy all of them, under the other side's hands.
    private let blocks: UnsafeMutableBufferPointer<Block>
    private var filling = 0
    private var compressing = 0
    private var isStopped = false

    var isBlockEmpty: Bool { blocks[filling].inputCount == 0 }
    var isBlockFull: Bool { blocks[filling].inputCount == Self.blockSize }

    init(threads: Int) throws(ArchiveError) {
        lock = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
        blocks = .allocate(capacity: threads + 2)
        for index in blocks.indices {
            let input = UnsafeMutableRawPointer.allocate(byteCount: Self.blockSize, alignment: 64)
            let output = UnsafeMutableRawPointer.allocate(byteCount: Self.outputSize, alignment: 64)
            blocks.initializeElement(at: index, to: Block(input: input, output: output))
        }
        for _ in 0..<threads { BlockingThread.start { self.compress() } }
    }

    deinit {
        for block in blocks {
            block.input.deallocate()
            block.output.deallocate()
        }
        blocks.deallocate()
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Lets the threads end; each holds this object until it has.
    func stop() {
        locked {
            isStopped = true
            pthread_cond_broadcast(changed)
        }
    }

    /// Copies as much as the block in hand has room for.
    func fill(_ bytes: UnsafeRawBufferPointer) -> Int {
        let start = blocks[filling].inputCount
        let count = min(bytes.count, Self.blockSize - start)
        if let address = bytes.baseAddress {
            blocks[filling].input.advanced(by: start).copyMemory(from: address, byteCount: count)
        }
        blocks[filling].inputCount += count
        return count
    }

    /// Hands the block in hand to the threads and takes the next one, written out where it was in use.
    func submit(writingTo blob: BlobOutput) throws(ArchiveError) {
        locked {
            blocks[filling].state = .queued
            pthread_cond_broadcast(changed)
        }
        filling = (filling + 1) % blocks.count
        try writeOut(filling, to: blob)
    }

    /// Writes out everything that is still in flight.
    func drain(to blob: BlobOutput) throws(ArchiveError) {
        for offset in 0..<blocks.count { try writeOut((filling + offset) % blocks.count, to: blob) }
    }

    private func writeOut(_ index: Int, to blob: BlobOutput) throws(ArchiveError) {
        let block = locked {
            while blocks[index].state != .free && blocks[index].state != .done { pthread_cond_wait(changed, lock) }
            return blocks[index]
        }
        guard block.state == .done else { return }
        guard block.outputCount > 0 else { throw ArchiveError("compress a layer", "ISA-L did not take a block") }
        try blob.write(UnsafeRawBufferPointer(start: block.output, count: block.outputCount))
        locked {
            blocks[index].state = .free
            blocks[index].inputCount = 0
        }
    }

    private func compress() {
        guard let stream = caas_isal_new() else { fatalError("cannot compress: no memory") }
        defer { free(stream) }
        while let (index, block) = next() {
            let count = caas_isal_compress(
                stream, block.input, UInt32(block.inputCount), block.output, UInt32(Self.outputSize))
            locked {
                blocks[index].outputCount = Int(count)
                blocks[index].state = .done
                pthread_cond_broadcast(changed)
            }
        }
    }

    private func next() -> (Int, Block)? {
        locked {
            while !isStopped && blocks[compressing].state != .queued { pthread_cond_wait(changed, lock) }
            if isStopped { return nil }
            let index = compressing
            blocks[index].state = .compressing
            compressing = (index + 1) % blocks.count
            return (index, blocks[index])
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}
