private import CLibArchive
package import POSIX
import SystemPackage

/// Reads an archive that a user gives: a tar in any compression, zip, 7z or cpio, told apart by its content.
///
/// It blocks, belongs to one thread, and holds no more than a few blocks whatever the archive's size, a 7z's own window
/// aside. Nothing that it gives is to be trusted: neither paths nor sizes, which a few bytes can make as big as they like.
package struct ArchiveReader: ~Copyable {
    private static let chunk = 256 << 10
    /// Whatever libarchive reads by itself.
    ///
    /// Not lzop, lrzip and grzip, for which it starts programs, and no mtree, which names other files that it then reads.
    /// Source: <https://github.com/libarchive/libarchive/wiki/ManPageArchiveReadFormat3>.
    private static let supports: [@Sendable (OpaquePointer?) -> Int32] = [
        archive_read_support_filter_gzip, archive_read_support_filter_bzip2, archive_read_support_filter_compress,
        archive_read_support_filter_xz, archive_read_support_filter_lzma, archive_read_support_filter_lzip,
        archive_read_support_filter_lz4, archive_read_support_filter_zstd, archive_read_support_format_tar,
        archive_read_support_format_zip, archive_read_support_format_7zip, archive_read_support_format_cpio,
        archive_read_support_format_empty,
    ]

    private var archive: ArchiveHandle
    /// libarchive reads by its descriptor.
    private let file: File

    /// Opens an archive in an open file, which is read from where it stands; zip and 7z need one that can seek.
    package init(_ file: consuming File) throws(ArchiveError) {
        try CharacterEncoding.require("read an archive")
        archive = try Self.open(file)
        self.file = file
    }

    /// True where the archive is a zip, whose entries have no owners, and times of no known zone; known after ``next()``.
    package var isZip: Bool { archive.isZip }

    /// The next entry, nil at the end; what was left of the one before is skipped.
    ///
    /// Its path is as the archive has it: absolute ones, `..` and a slash at the end of a folder's name are all seen.
    package mutating func next() throws(ArchiveError) -> ArchiveEntry? { try archive.next() }

    /// Reads the current entry's content, 0 at its end; holes of a sparse file come as zeros.
    package mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        try archive.read(into: buffer)
    }

    /// The current entry's whole content, at most so many bytes.
    package mutating func content(limit: Int) throws(ArchiveError) -> [UInt8] { try archive.content(limit: limit) }

    private static func open(_ file: borrowing File) throws(ArchiveError) -> ArchiveHandle {
        let path = file.path
        guard let archive = archive_read_new() else { throw ArchiveError("read \(path)", "no memory") }
        let handle = ArchiveHandle(
            owning: archive, path: path, convertsNames: caas_converts_names(file.descriptor) != 0)
        for support in supports {
            // A warning would say that a program stands in for a library.
            guard support(archive) == ARCHIVE_OK else { throw ArchiveError("read \(path)", archive) }
        }
        guard archive_read_open_fd(archive, file.descriptor, chunk) == ARCHIVE_OK else {
            throw ArchiveError("read \(path)", archive)
        }
        return handle
    }
}
