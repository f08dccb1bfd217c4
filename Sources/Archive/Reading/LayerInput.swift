private import CLibArchive
import Hashing
import POSIX
import SystemPackage
import Wording

/// A layer's file, hashed before and after decompression.
///
/// libarchive does not expose the bytes between decompression and tar. Therefore one of its readers only decompresses,
/// and this object feeds the reader of the tar. It is a class because C callbacks need its address.
final class LayerInput {
    private static let chunk = 256 << 10

    let path: FilePath
    private let file: File
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 64)
    private var blobHash: SHA256? = SHA256()
    private var tarHash: SHA256? = SHA256()
    private var decompressor: OpaquePointer?
    private var isAtEnd = false
    private(set) var failure: (any Error)?

    init(_ file: consuming File) throws {
        path = file.path
        self.file = file
        guard let archive = archive_read_new() else { throw Failure("read \(path)", "no memory") }
        decompressor = archive
        let context = Unmanaged.passUnretained(self).toOpaque()
        var raw: OpaquePointer?
        let isOpen =
            archive_read_support_filter_gzip(archive) == ARCHIVE_OK
            && archive_read_support_filter_zstd(archive) == ARCHIVE_OK
            && archive_read_support_format_raw(archive) == ARCHIVE_OK
            && archive_read_support_format_empty(archive) == ARCHIVE_OK
            && archive_read_open(archive, context, nil, readBlob, nil) == ARCHIVE_OK
        guard isOpen else { throw failure ?? Failure("read \(path)", archive) }
        switch archive_read_next_header(archive, &raw) {
        case ARCHIVE_OK, ARCHIVE_WARN: break
        case ARCHIVE_EOF: isAtEnd = true
        default: throw failure ?? Failure("read \(path)", archive)
        }
    }

    deinit {
        if let decompressor { archive_read_free(decompressor) }
        buffer.deallocate()
    }

    /// Returns more bytes of the file, empty at its end; nil after an error.
    func nextBlobBytes() -> UnsafeRawBufferPointer? {
        do throws(POSIXError) {
            let count = try file.read(into: buffer)
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            blobHash?.update(bytes)
            return bytes
        } catch {
            failure = error
            return nil
        }
    }

    /// Returns more bytes of the tar, empty at its end; nil after an error.
    func nextTarBytes() -> UnsafeRawBufferPointer? {
        while !isAtEnd {
            var start: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let result = archive_read_data_block(decompressor, &start, &count, &offset)
            if result == ARCHIVE_EOF {
                isAtEnd = true
            } else if result != ARCHIVE_OK && result != ARCHIVE_WARN {
                if failure == nil, let decompressor { failure = Failure("read \(path)", decompressor) }
                return nil
            } else if count > 0 {
                let bytes = UnsafeRawBufferPointer(start: start, count: count)
                tarHash?.update(bytes)
                return bytes
            }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Reads the rest of the tar and of the file, and returns the digests.
    func finish() throws -> LayerReader.Digests {
        while true {
            guard let bytes = nextTarBytes() else { throw failure ?? Failure("read \(path)", "unknown reason") }
            if bytes.isEmpty { break }
        }
        while true {
            guard let bytes = nextBlobBytes() else { throw failure ?? Failure("read \(path)", "unknown reason") }
            if bytes.isEmpty { break }
        }
        return LayerReader.Digests(
            diffID: tarHash.take()?.finish() ?? [], digest: blobHash.take()?.finish() ?? [])
    }
}

/// libarchive's callback for more bytes of the blob; the context is the LayerInput.
private let readBlob:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int = {
        _, context, bytes in
        guard let context, let bytes else { return -1 }
        let input = Unmanaged<LayerInput>.fromOpaque(context).takeUnretainedValue()
        guard let block = input.nextBlobBytes() else { return -1 }
        bytes.pointee = block.baseAddress
        return block.count
    }
