import Wording

/// The compression of a layer's tar; the bytes never depend on the number of threads.
package enum LayerCompression: Sendable, Hashable {
    case none
    /// gzip by ISA-L at level 0, 1 or 2: the fastest, but its bytes differ between processor architectures.
    case gzip(level: Int = 1, threads: Int)
    /// gzip by zlib at level 1 to 9: slower, with the same bytes on every architecture.
    case gzipPortable(level: Int = 6, threads: Int)
    /// Zstandard at level 1 to 19.
    case zstd(level: Int = 3, threads: Int)

    /// More threads would only wait for the single SHA-256 of the tar, and each needs memory.
    private static let mostThreads = 6

    /// The available levels; nil for no compression.
    package var levels: ClosedRange<Int>? {
        switch self {
        case .none: nil
        case .gzip: 0...2
        case .gzipPortable: 1...9
        case .zstd: 1...19
        }
    }

    /// The parameters that determine the bytes: everything but the number of threads.
    package var name: String {
        switch self {
        case .none: "none"
        case .gzip(let level, _): "gzip \(level)"
        case .gzipPortable(let level, _): "gzip portable \(level)"
        case .zstd(let level, _): "zstd \(level)"
        }
    }

    /// Parses a ``name``.
    package init?(name: String, threads: Int) {
        let words = name.split(separator: " ")
        let level = words.last.flatMap { Int($0) }
        switch (words.dropLast(level == nil ? 0 : 1).joined(separator: " "), level) {
        case ("none", nil): self = .none
        case ("gzip", let level?): self = .gzip(level: level, threads: threads)
        case ("gzip portable", let level?): self = .gzipPortable(level: level, threads: threads)
        case ("zstd", let level?): self = .zstd(level: level, threads: threads)
        default: return nil
        }
    }

    /// Returns the same compression with another number of threads.
    package func with(threads: Int) -> LayerCompression {
        switch self {
        case .none: .none
        case .gzip(let level, _): .gzip(level: level, threads: threads)
        case .gzipPortable(let level, _): .gzipPortable(level: level, threads: threads)
        case .zstd(let level, _): .zstd(level: level, threads: threads)
        }
    }

    /// The number of compressing threads, at least one.
    var threads: Int {
        switch self {
        case .none: 1
        case .gzip(_, let threads), .gzipPortable(_, let threads), .zstd(_, let threads):
            max(1, min(threads, Self.mostThreads))
        }
    }

    private var level: Int {
        switch self {
        case .none: 0
        case .gzip(let level, _), .gzipPortable(let level, _), .zstd(let level, _): level
        }
    }

    func makeCompressor() throws -> LayerCompressor {
        if let levels, !levels.contains(level) {
            throw Failure(
                "compress a layer with \(name)", "the levels are \(levels.lowerBound) to \(levels.upperBound)")
        }
        return switch self {
        case .none: .stream(PlainTar())
        case .gzip(let level, _): .blocks { ISALDeflater(level: level) }
        case .gzipPortable(let level, _): .blocks { ZlibDeflater(level: level) }
        case .zstd(let level, _): .stream(try ZstdStream(level: level, threads: threads))
        }
    }
}

/// A converter from the bytes of a tar to those of a blob.
enum LayerCompressor {
    /// Compresses with several threads, each with its own deflater, into one gzip member.
    case blocks(@Sendable () -> any BlockDeflater)
    /// Compresses with one thread.
    case stream(any StreamCompressor)
}

/// Compresses independent blocks to deflate data that ends at a byte boundary and does not end the stream.
protocol BlockDeflater: AnyObject {
    /// Returns the number of bytes; 0 where it fails.
    func deflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int
}

/// Compresses a tar from beginning to end.
protocol StreamCompressor: AnyObject, Sendable {
    /// True where the blob equals the tar.
    var isIdentity: Bool { get }
    func write(_ bytes: UnsafeRawBufferPointer, to blob: BlobOutput) throws
    func finish(to blob: BlobOutput) throws
}

/// No compression: the blob is the tar.
final class PlainTar: StreamCompressor {
    var isIdentity: Bool { true }
    func write(_ bytes: UnsafeRawBufferPointer, to blob: BlobOutput) throws { try blob.write(bytes) }
    func finish(to blob: BlobOutput) throws {}
}
