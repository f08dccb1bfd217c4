private import CLibArchive
private import CLinux
package import POSIX
package import SystemPackage
import Wording

/// Writes a plain tar into a file or a pipe, piece by piece.
///
/// Unlike a layer the tar has no digest, so its bytes are not hashed. The writer blocks, and belongs to one thread.
package struct TarWriter: ~Copyable {
    private let archive: OpaquePointer
    private let file: File
    /// The path in error messages.
    private let path: FilePath

    /// Starts an archive in an open file; errors use `path` for a file that still has a temporary name.
    package init(writingTo file: consuming File, as path: FilePath? = nil) throws {
        try CharacterEncoding.require("write an archive")
        archive = try Self.open(file.descriptor)
        self.path = path ?? file.path
        self.file = file
    }

    deinit {
        // Freeing an archive makes libarchive finish it; an unfinished one must not get a valid end.
        archive_write_fail(archive)
        archive_write_free(archive)
    }

    /// Writes an entry without content.
    package mutating func append(_ entry: ArchiveEntry) throws {
        try begin(entry)
        try end(entry)
    }

    /// Writes a regular file from bytes.
    package mutating func append(_ entry: ArchiveEntry, content: [UInt8]) throws {
        var entry = entry
        entry.size = Int64(content.count)
        try begin(entry)
        try content.span.bytes.withUnsafeBytes { (bytes) in try write(bytes, of: entry) }
        try end(entry)
    }

    /// Starts a regular file; ``write(_:of:)`` adds its content.
    package mutating func begin(_ entry: ArchiveEntry) throws {
        guard let raw = archive_entry_new() else { throw Failure("write \(path)", "no memory") }
        defer { archive_entry_free(raw) }
        try entry.store(in: raw, naming: AttributeNames())
        guard archive_write_header(archive, raw) == ARCHIVE_OK else { throw failure() }
    }

    /// Writes a part of the current entry's content.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, of entry: ArchiveEntry) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = archive_write_data(archive, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count >= 0 else { throw failure() }
            guard count > 0 else { throw Failure("write \(path)", "\(entry.name) has more than \(entry.size) bytes") }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends the current entry.
    package mutating func end(_ entry: ArchiveEntry) throws {
        guard archive_write_finish_entry(archive) == ARCHIVE_OK else { throw failure() }
    }

    /// Writes the end of the archive.
    package consuming func finish() throws {
        guard archive_write_close(archive) == ARCHIVE_OK else { throw failure() }
    }

    private func failure() -> any Error {
        let number = archive_errno(archive)
        if number > 0 { return POSIXError("write", path, Errno(rawValue: number)) }
        return Failure("write \(path)", archive)
    }

    private static func open(_ descriptor: Int32) throws -> OpaquePointer {
        guard let archive = archive_write_new() else { throw Failure("write an archive", "no memory") }
        let isOpen =
            archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK
            && archive_write_set_bytes_per_block(archive, 256 << 10) == ARCHIVE_OK
            // No padding at the end: a pipe gets the same bytes as a file.
            && archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK
            && archive_write_open_fd(archive, descriptor) == ARCHIVE_OK
        guard isOpen else {
            let error = Failure("write an archive", archive)
            archive_write_free(archive)
            throw error
        }
        return archive
    }
}
