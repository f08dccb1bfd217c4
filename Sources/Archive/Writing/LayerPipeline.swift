import Hashing
import POSIX
import Synchronization
import Wording

/// The threads between a tar and its blob: one hashes the tar, others compress it, one hashes and writes the blob.
///
/// A gzip member is joined from blocks of 512 KiB of the tar. Each block is compressed independently, by the first free
/// thread, and ends at a byte boundary. The bytes are therefore the same regardless of the number of threads, and every
/// gzip decompresses them. <https://www.rfc-editor.org/rfc/rfc1951>, <https://www.rfc-editor.org/rfc/rfc1952>
final class LayerPipeline: Sendable {
    /// The blocks besides those being compressed: one is filled, one hashed, one written, and some lie between them.
    private static let spareBlocks = 6

    private struct Results {
        var diffID: [UInt8] = []
        var digest: [UInt8] = []
        var tarSize: Int64 = 0
        var size: Int64 = 0
    }

    let ring: BlockRing
    private let results = Mutex(Results())

    init(
        writingTo file: consuming File, _ compression: LayerCompression, onWrite: @escaping @Sendable (Int64) -> Void
    ) throws {
        let compressor = try compression.makeCompressor()
        switch compressor {
        case .blocks(let makeDeflater):
            let ring = BlockRing(count: compression.threads + Self.spareBlocks, hasOutputs: true)
            self.ring = ring
            let blob = BlobOutput(file, onWrite: onWrite)
            start { pipeline in pipeline.hash() }
            for _ in 0..<compression.threads {
                start { pipeline in pipeline.compress(makeDeflater()) }
            }
            start { pipeline in pipeline.joinBlocks(to: blob) }
        case .stream(let stream):
            ring = BlockRing(count: Self.spareBlocks, hasOutputs: false)
            let blob = BlobOutput(file, isHashed: !stream.isIdentity, onWrite: onWrite)
            start { pipeline in pipeline.hash() }
            start { pipeline in pipeline.write(stream, to: blob) }
        }
    }

    /// Waits for all submitted blocks and returns the layer's digests and sizes.
    func finish() throws -> WrittenLayer {
        ring.end()
        ring.join()
        if let failure = ring.failure { throw failure }
        guard ring.isComplete else { throw Failure("write a layer", "it was stopped") }
        return results.withLock {
            WrittenLayer(
                diffID: $0.diffID, digest: $0.digest.isEmpty ? $0.diffID : $0.digest, size: $0.size,
                tarSize: $0.tarSize)
        }
    }

    /// Stops the threads and waits for them: none outlives its writer.
    func stop() {
        ring.stop()
        ring.join()
    }

    private func start(_ body: @escaping @Sendable (LayerPipeline) -> Void) {
        ring.enter()
        BlockingThread.start {
            body(self)
            self.ring.leave()
        }
    }

    private func hash() {
        var hash = SHA256()
        var size: Int64 = 0
        while let block = ring.nextToHash() {
            hash.update(block)
            size += Int64(block.count)
            ring.didHash()
        }
        let digest = hash.finish()
        results.withLock { [size] in
            $0.diffID = digest
            $0.tarSize = size
        }
    }

    private func compress(_ deflater: any BlockDeflater) {
        var zeros: (output: [UInt8], checksum: UInt32)?
        while let (number, input, output) = ring.nextToCompress() {
            let isZero = input.baseAddress == ring.zeros.baseAddress && input.count == ring.zeros.count
            if isZero, let zeros {
                output.copyBytes(from: zeros.output)
                ring.didCompress(number, outputCount: zeros.output.count, checksum: zeros.checksum)
                continue
            }
            var count = deflater.deflate(input, into: output)
            // ISA-L's level 0 uses one code for all data, so random data grows beyond the output buffer.
            if count == 0 { count = StoredBlocks.write(input, into: output) }
            let checksum = GzipMember.checksum(of: input)
            if isZero { zeros = (Array(output[..<count]), checksum) }
            ring.didCompress(number, outputCount: count, checksum: checksum)
        }
    }

    private func joinBlocks(to blob: BlobOutput) {
        defer { blob.close() }
        do {
            var member = GzipMember()
            try blob.write(GzipMember.header)
            while let block = ring.nextCompressed() {
                try blob.write(block.output)
                member.append(checksum: block.checksum, count: block.inputCount)
                ring.didWrite()
            }
            try blob.write(member.trailer)
            finish(blob)
        } catch { ring.stop(error) }
    }

    private func write(_ stream: any StreamCompressor, to blob: BlobOutput) {
        defer { blob.close() }
        do {
            while let block = ring.nextToWrite() {
                try stream.write(block, to: blob)
                ring.didWrite()
            }
            try stream.finish(to: blob)
            finish(blob)
        } catch { ring.stop(error) }
    }

    private func finish(_ blob: BlobOutput) {
        let size = blob.size
        let digest = blob.finish()
        results.withLock {
            $0.size = size
            $0.digest = digest
        }
    }
}
