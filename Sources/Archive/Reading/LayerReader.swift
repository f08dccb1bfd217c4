private import CLibArchive
package import POSIX
package import SystemPackage
import Wording

/// Reads a layer: a tar, uncompressed or in gzip or zstd, detected by its first bytes.
///
/// It blocks, belongs to one thread, and holds only a few blocks regardless of the layer's size.
package struct LayerReader: ~Copyable {
    /// The digests of a layer that was read to its end.
    package struct Digests: Sendable, Hashable {
        /// SHA-256 of the uncompressed tar.
        package let diffID: [UInt8]
        /// SHA-256 of the blob.
        package let digest: [UInt8]
    }

    private var archive: ArchiveHandle
    private let input: LayerInput

    /// Opens the file at a path.
    package init(at path: FilePath) throws {
        let file = try File(path, .read)
        try self.init(file)
    }

    /// Opens a layer at the file's current offset.
    package init(_ file: consuming File) throws {
        try CharacterEncoding.require("read a layer")
        let input = try LayerInput(file)
        archive = try Self.open(input)
        self.input = input
    }

    /// Returns the next entry, nil at the end; skips the rest of the previous one.
    package mutating func next() throws -> ArchiveEntry? {
        do { return try archive.next() } catch { throw input.failure ?? error }
    }

    /// Reads the current entry's content; returns 0 at its end.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do { return try archive.read(into: buffer) } catch { throw input.failure ?? error }
    }

    /// Returns the current entry's whole content of at most `limit` bytes.
    package mutating func content(limit: Int) throws -> [UInt8] {
        do { return try archive.content(limit: limit) } catch { throw input.failure ?? error }
    }

    /// Reads what follows the last entry, so that every byte is hashed, and returns the digests.
    package consuming func finish() throws -> Digests {
        do { try archive.skipToEnd() } catch { throw input.failure ?? error }
        return try input.finish()
    }

    private static func open(_ input: LayerInput) throws -> ArchiveHandle {
        guard let archive = archive_read_new() else { throw Failure("read \(input.path)", "no memory") }
        let handle = ArchiveHandle(owning: archive, path: input.path)
        let context = Unmanaged.passUnretained(input).toOpaque()
        let isOpen =
            archive_read_support_format_tar(archive) == ARCHIVE_OK
            && archive_read_support_format_empty(archive) == ARCHIVE_OK
            && archive_read_open(archive, context, nil, readTar, nil) == ARCHIVE_OK
        guard isOpen else { throw input.failure ?? Failure("read \(input.path)", archive) }
        return handle
    }
}

/// libarchive's callback for more bytes of the tar; the context is the LayerInput.
private let readTar:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int = {
        _, context, bytes in
        guard let context, let bytes else { return -1 }
        let input = Unmanaged<LayerInput>.fromOpaque(context).takeUnretainedValue()
        guard let block = input.nextTarBytes() else { return -1 }
        bytes.pointee = block.baseAddress
        return block.count
    }
