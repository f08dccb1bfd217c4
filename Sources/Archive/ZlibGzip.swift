private import CLibZ

/// gzip by zlib at level 9, whose bytes depend on nothing but zlib's version.
final class ZlibGzip: LayerCompressor {
    private static let chunk = 256 << 10
    /// 15 bits of window, plus 16 for a gzip header without time and name. <https://zlib.net/manual.html>
    private static let gzipWindow: Int32 = 15 + 16

    private let stream: UnsafeMutablePointer<z_stream>
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 64)

    init() throws(ArchiveError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard caas_deflate_init2(stream, 9, Self.gzipWindow) == Z_OK else {
            throw ArchiveError("compress a layer", "zlib has no memory")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    func write(_ bytes: UnsafeRawBufferPointer, to blob: BlobOutput) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // zlib counts in 32 bits.
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            try deflate(part, Z_NO_FLUSH, to: blob)
            rest = rest.dropFirst(part.count)
        }
    }

    func finish(to blob: BlobOutput) throws(ArchiveError) {
        try deflate(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH, to: blob)
    }

    private func deflate(_ bytes: UnsafeRawBufferPointer, _ flush: Int32, to blob: BlobOutput) throws(ArchiveError) {
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(bytes.count)
        var result = Z_OK
        repeat {
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(output.count)
            result = CLibZ.deflate(stream, flush)
            guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
                throw ArchiveError("compress a layer", "zlib answers \(result)")
            }
            try blob.write(UnsafeRawBufferPointer(rebasing: output[..<(output.count - Int(stream.pointee.avail_out))]))
        } while stream.pointee.avail_out == 0 || (flush == Z_FINISH && result != Z_STREAM_END)
    }
}
