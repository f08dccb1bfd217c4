private import CLibArchive
package import POSIX
package import SystemPackage
import Wording

/// Reads an archive that a user provides: tar with any compression, zip, 7z or cpio, detected by content.
///
/// It blocks, belongs to one thread, and holds only a few blocks regardless of the archive's size, except for a 7z's
/// own window. Callers must not trust paths or sizes: a few bytes of archive can claim any size.
package struct ArchiveReader: ~Copyable {
    private static let chunk = 256 << 10
    /// The formats and filters that libarchive reads by itself.
    ///
    /// lzop, lrzip and grzip are left out because libarchive starts programs for them, and mtree because it names other
    /// files, which libarchive then reads. <https://github.com/libarchive/libarchive/wiki/ManPageArchiveReadFormat3>
    private static let supports: [@Sendable (OpaquePointer?) -> Int32] = [
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_compress,
        archive_read_support_filter_xz, archive_read_support_filter_lzma, archive_read_support_filter_lzip,
        archive_read_support_filter_lz4, archive_read_support_filter_zstd, archive_read_support_format_tar,
        archive_read_support_format_zip, archive_read_support_format_7zip, archive_read_support_format_cpio,
        archive_read_support_format_empty,
    ]

    private var archive: ArchiveHandle
    /// Kept open, because libarchive reads through its descriptor.
    private let file: File

    /// Opens the file at a path.
    package init(at path: FilePath) throws {
        let file = try File(path, .read)
        try self.init(file)
    }

    /// Opens an archive at the file's current offset; zip and 7z need a seekable file.
    package init(_ file: consuming File) throws {
        try CharacterEncoding.require("read an archive")
        archive = try Self.open(file)
        self.file = file
    }

    /// True where the archive is a zip, whose entries have no owners and no time zone; valid after ``next()``.
    package var isZip: Bool { archive.isZip }

    /// Returns the next entry, nil at the end; skips the rest of the previous one.
    ///
    /// The path is unchanged: it may be absolute, contain `..`, and end in a slash for a folder.
    package mutating func next() throws -> ArchiveEntry? { try archive.next() }

    /// Reads the current entry's content, with zeros for the holes of a sparse file; returns 0 at its end.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try archive.read(into: buffer)
    }

    /// Returns the current entry's whole content of at most `limit` bytes.
    package mutating func content(limit: Int) throws -> [UInt8] { try archive.content(limit: limit) }

    private static func open(_ file: borrowing File) throws -> ArchiveHandle {
        let path = file.path
        guard let archive = archive_read_new() else { throw Failure("read \(path)", "no memory") }
        let handle = ArchiveHandle(
            owning: archive, path: path, convertsNames: caas_converts_names(file.descriptor) != 0)
        for support in supports {
            // A warning would mean that libarchive uses an external program in place of a library.
            guard support(archive) == ARCHIVE_OK else { throw Failure("read \(path)", archive) }
        }
        guard archive_read_open_fd(archive, file.descriptor, chunk) == ARCHIVE_OK else {
            throw Failure("read \(path)", archive)
        }
        return handle
    }
}
