private import CLibISAL

/// One gzip member whose deflate stream is joined from blocks that several threads compress.
///
/// Each block of a fixed size is compressed on its own and ends on a byte, so that the bytes are the same whoever
/// compressed it. Source: <https://www.rfc-editor.org/rfc/rfc1952>.
final class ParallelGzip: LayerCompressor {
    /// More threads than this would want more memory than a build may take.
    private static let mostThreads = 8

    private let ring: BlockRing
    private var checksum: UInt32 = 0
    private var length: UInt32 = 0
    private var isBegun = false

    init(threads: Int) throws(ArchiveError) {
        ring = try BlockRing(threads: max(1, min(threads, Self.mostThreads)))
    }

    deinit { ring.stop() }

    func write(_ bytes: UnsafeRawBufferPointer, to blob: BlobOutput) throws(ArchiveError) {
        try begin(blob)
        checksum = crc32_gzip_refl(checksum, bytes.baseAddress, UInt64(bytes.count))
        length &+= UInt32(truncatingIfNeeded: bytes.count)
        var rest = bytes[...]
        while !rest.isEmpty {
            let taken = ring.fill(UnsafeRawBufferPointer(rebasing: rest))
            rest = rest.dropFirst(taken)
            if ring.isBlockFull { try ring.submit(writingTo: blob) }
        }
    }

    func finish(to blob: BlobOutput) throws(ArchiveError) {
        try begin(blob)
        if !ring.isBlockEmpty { try ring.submit(writingTo: blob) }
        try ring.drain(to: blob)
        // An empty last block in deflate's fixed code ends the stream: no block before it needs to know that it was
        // the last one. https://www.rfc-editor.org/rfc/rfc1951#section-3.2.3
        try blob.write([0x03, 0x00] + Self.littleEndian(checksum) + Self.littleEndian(length))
    }

    /// No time and no name; 255 is "unknown" where others write their operating system.
    private func begin(_ blob: BlobOutput) throws(ArchiveError) {
        guard !isBegun else { return }
        isBegun = true
        try blob.write([0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF])
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
