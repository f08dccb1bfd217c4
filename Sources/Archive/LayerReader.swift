private import CLibArchive
public import POSIX

/// Reads a layer: a tar, plain or in gzip or zstd, told apart by its first bytes.
///
/// It blocks, belongs to one thread, and holds no more than a few blocks whatever the layer's size.
public struct LayerReader: ~Copyable {
    /// What a layer that was read to its end is known by.
    public struct Digests: Sendable, Hashable {
        /// SHA-256 of the tar.
        public let diffID: [UInt8]
        /// SHA-256 of the blob.
        public let digest: [UInt8]
    }

    private let archive: OpaquePointer
    private let input: LayerInput
    /// libarchive takes a call after the end for a mistake of the program.
    private var isAtEnd = false

    /// Opens a layer in an open file, which is read from where it stands.
    public init(_ file: consuming File) throws(ArchiveError) {
        try CharacterEncoding.require("read a layer")
        let input = try LayerInput(file)
        archive = try Self.open(input)
        self.input = input
    }

    deinit { archive_read_free(archive) }

    /// The next entry, nil at the end; what was left of the one before is skipped.
    public mutating func next() throws(ArchiveError) -> ArchiveEntry? {
        if isAtEnd { return nil }
        var raw: OpaquePointer?
        let result = archive_read_next_header(archive, &raw)
        if result == ARCHIVE_EOF {
            isAtEnd = true
            return nil
        }
        // A name that is not in its announced encoding gives a warning and comes as it is.
        guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let raw else { throw failure() }
        guard let entry = ArchiveEntry(raw) else {
            throw ArchiveError("read \(input.path)", "an entry has no name or is of a kind that layers do not have")
        }
        return entry
    }

    /// Reads the current entry's content, 0 at its end.
    public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw failure() }
        return count
    }

    /// The current entry's whole content, at most so many bytes.
    public mutating func content(limit: Int) throws(ArchiveError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = archive_read_data(archive, &chunk, chunk.count)
            guard count >= 0 else { throw failure() }
            if count == 0 { return content }
            guard content.count + count <= limit else {
                throw ArchiveError("read \(input.path)", "an entry is longer than \(limit) bytes")
            }
            content.append(contentsOf: chunk[..<count])
        }
    }

    /// Reads what follows the last entry, so that every byte was hashed, and tells the digests.
    public consuming func finish() throws(ArchiveError) -> Digests {
        var raw: OpaquePointer?
        while !isAtEnd {
            let result = archive_read_next_header(archive, &raw)
            if result == ARCHIVE_EOF { break }
            guard result == ARCHIVE_OK || result == ARCHIVE_WARN else { throw failure() }
        }
        return try input.finish()
    }

    private func failure() -> ArchiveError { input.failure ?? ArchiveError("read \(input.path)", archive) }

    private static func open(_ input: LayerInput) throws(ArchiveError) -> OpaquePointer {
        guard let archive = archive_read_new() else { throw ArchiveError("read \(input.path)", "no memory") }
        let context = Unmanaged.passUnretained(input).toOpaque()
        let isOpen =
            archive_read_support_format_tar(archive) == ARCHIVE_OK
            && archive_read_support_format_empty(archive) == ARCHIVE_OK
            && archive_read_open(archive, context, nil, readTar, nil) == ARCHIVE_OK
        guard isOpen else {
            let error = input.failure ?? ArchiveError("read \(input.path)", archive)
            archive_read_free(archive)
            throw error
        }
        return archive
    }
}

/// libarchive calls this for more of the tar; it finds our object by the context.
private let readTar:
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int = {
        _, context, bytes in
        guard let context, let bytes else { return -1 }
        let input = Unmanaged<LayerInput>.fromOpaque(context).takeUnretainedValue()
        guard let block = input.nextTarBytes() else { return -1 }
        bytes.pointee = block.baseAddress
        return block.count
    }

extension ArchiveError {
    /// The reason that libarchive gives.
    init(_ action: String, _ archive: OpaquePointer) {
        self.init(action, archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason")
    }
}
