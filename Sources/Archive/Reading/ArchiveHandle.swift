import CLibArchive
import SystemPackage
import Wording

/// An open libarchive archive and the state of reading it.
struct ArchiveHandle: ~Copyable {
    /// No file is longer.
    ///
    /// libarchive hands on whatever the pax headers of sparse files say, also less than nothing.
    private static let mostBytes: Int64 = 1 << 50

    private let archive: OpaquePointer
    private let path: FilePath
    /// True where libarchive must convert names from another encoding.
    private let convertsNames: Bool
    /// True after the last entry; libarchive treats a further call as a programming error.
    private(set) var isAtEnd = false
    /// The bytes of the current file that were not read yet.
    private var left: Int64 = 0
    /// True where the current file's end was reached: asked once more, libarchive gives the zeros of a file that is one
    /// hole, whose end it told before.
    private var isDrained = false

    /// Takes ownership of an open archive.
    init(owning archive: OpaquePointer, path: FilePath, convertsNames: Bool = false) {
        self.archive = archive
        self.convertsNames = convertsNames
        self.path = path
    }

    deinit { archive_read_free(archive) }

    /// True where the last entry came from a zip.
    var isZip: Bool { format == ARCHIVE_FORMAT_ZIP }

    private var format: Int32 { archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK }

    /// Returns the next entry, nil at the end; skips the rest of the previous one.
    mutating func next() throws -> ArchiveEntry? {
        guard let raw = try nextHeader() else { return nil }
        guard let entry = ArchiveEntry(raw) else {
            throw Failure("read \(path)", "an entry has no name or is of a kind that layers do not have")
        }
        guard (0...Self.mostBytes).contains(entry.size) else {
            throw Failure("read \(path)", "the length of '\(entry.name)' is said to be \(entry.size)")
        }
        left = entry.size
        isDrained = false
        return entry
    }

    /// Skips all remaining entries.
    mutating func skipToEnd() throws {
        while try nextHeader() != nil {}
    }

    private mutating func nextHeader() throws -> OpaquePointer? {
        if isAtEnd { return nil }
        var raw: OpaquePointer?
        let result =
            convertsNames ? archive_read_next_header(archive, &raw) : caas_read_next_header_as_bytes(archive, &raw)
        if result == ARCHIVE_EOF {
            isAtEnd = true
            return nil
        }
        // A name that is not in its declared encoding gives a warning and is returned unchanged.
        guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let raw else { throw failure() }
        return raw
    }

    /// Reads the current entry's content; returns 0 at its end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = isDrained ? 0 : archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw failure() }
        isDrained = count == 0
        left -= Int64(count)
        // libarchive omits the hole at the end of a sparse file. A truncated tar is an error of its own.
        guard count == 0, left > 0, format == ARCHIVE_FORMAT_TAR else {
            return count
        }
        let zeros = Int(min(left, Int64(buffer.count)))
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<zeros]).initializeMemory(as: UInt8.self, repeating: 0)
        left -= Int64(zeros)
        return zeros
    }

    /// Returns the current entry's whole content of at most `limit` bytes.
    mutating func content(limit: Int) throws -> [UInt8] {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
        defer { chunk.deallocate() }
        var content: [UInt8] = []
        while true {
            let count = try read(into: chunk)
            if count == 0 { return content }
            guard content.count + count <= limit else {
                throw Failure("read \(path)", "an entry is longer than \(limit) bytes")
            }
            content.append(contentsOf: chunk[..<count])
        }
    }

    private func failure() -> Failure { Failure("read \(path)", archive) }
}

extension Failure {
    /// Creates an error with libarchive's own reason.
    init(_ action: String, _ archive: OpaquePointer) {
        self.init(action, archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason")
    }
}
