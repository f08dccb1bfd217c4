/// How a layer's tar is compressed.
public enum LayerCompression: Sendable, Hashable {
    /// Not at all.
    case none
    /// gzip by ISA-L in independent blocks; the bytes do not depend on the number of threads.
    case gzip(threads: Int)
    /// gzip by zlib at its best level, in one thread: slow, for what is compressed once.
    case gzipSmallest

    func makeCompressor() throws(ArchiveError) -> any LayerCompressor {
        switch self {
        case .none: PlainCompressor()
        case .gzip(let threads): try ParallelGzip(threads: threads)
        case .gzipSmallest: try ZlibGzip()
        }
    }
}

/// What turns the bytes of a tar into those of a blob.
protocol LayerCompressor: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer, to blob: BlobOutput) throws(ArchiveError)
    func finish(to blob: BlobOutput) throws(ArchiveError)
}

/// The tar as it is.
final class PlainCompressor: LayerCompressor {
    func write(_ bytes: UnsafeRawBufferPointer, to blob: BlobOutput) throws(ArchiveError) { try blob.write(bytes) }
    func finish(to blob: BlobOutput) throws(ArchiveError) {}
}
