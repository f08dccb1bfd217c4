private import CLibArchive
private import CLinux
public import POSIX

/// What a finished layer is known by.
public struct WrittenLayer: Sendable, Hashable {
    /// SHA-256 of the tar.
    public let diffID: [UInt8]
    /// SHA-256 of the blob.
    public let digest: [UInt8]
    /// The length of the blob.
    public let size: Int64
    /// The length of the tar.
    public let tarSize: Int64
}

/// Writes a layer whose bytes depend on its entries alone: not on time, user, locale, umask or threads.
///
/// It blocks, and belongs to one thread. One that is not finished has written nothing of use.
public struct LayerWriter: ~Copyable {
    private static let chunk = 256 << 10

    private let archive: OpaquePointer
    private let output: LayerOutput
    private let buffer: UnsafeMutableRawBufferPointer

    /// Begins a layer in an open, empty file.
    public init(writingTo file: consuming File, compression: LayerCompression) throws(ArchiveError) {
        try CharacterEncoding.require("write a layer")
        let output = LayerOutput(BlobOutput(file), try compression.makeCompressor())
        archive = try Self.open(into: output)
        self.output = output
        buffer = .allocate(byteCount: Self.chunk, alignment: 64)
    }

    deinit {
        // libarchive ends an archive that is freed by writing it out; this one's output takes nothing any more.
        output.close()
        archive_write_free(archive)
        buffer.deallocate()
    }

    /// Writes an entry that has no content, or a regular file of length 0.
    public mutating func append(_ entry: ArchiveEntry) throws(ArchiveError) {
        try begin(entry)
        try end(entry)
    }

    /// Writes a regular file from bytes.
    public mutating func append(_ entry: ArchiveEntry, content: [UInt8]) throws(ArchiveError) {
        var entry = entry
        entry.size = Int64(content.count)
        try begin(entry)
        try content.span.bytes.withUnsafeBytes { (bytes) throws(ArchiveError) in try write(bytes, of: entry) }
        try end(entry)
    }

    /// Writes a regular file whose content `read` gives chunk by chunk into the buffer, 0 at its end.
    ///
    /// A content that is shorter or longer than the entry says is an error: it changed while it was read.
    public mutating func append<Failure: Error>(
        _ entry: ArchiveEntry, wrapping: (ArchiveError) -> Failure,
        read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        do throws(ArchiveError) { try begin(entry) } catch { throw wrapping(error) }
        var left = entry.size
        while true {
            let count = try read(buffer)
            if count == 0 { break }
            left -= Int64(count)
            guard left >= 0 else { break }
            do throws(ArchiveError) {
                try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), of: entry)
            } catch { throw wrapping(error) }
        }
        guard left == 0 else { throw wrapping(.changed(entry)) }
        do throws(ArchiveError) { try end(entry) } catch { throw wrapping(error) }
    }

    /// Writes the end of the archive and tells what it is known by.
    public consuming func finish() throws(ArchiveError) -> WrittenLayer {
        guard archive_write_close(archive) == ARCHIVE_OK else { throw failure("finish a layer") }
        return try output.finish()
    }

    private func begin(_ entry: ArchiveEntry) throws(ArchiveError) {
        guard let raw = archive_entry_new() else { throw ArchiveError("write a layer", "no memory") }
        defer { archive_entry_free(raw) }
        try entry.store(in: raw)
        // A name that is not UTF-8 gives a warning and is written as it is, marked as binary.
        guard [ARCHIVE_OK, ARCHIVE_WARN].contains(archive_write_header(archive, raw)) else {
            throw failure("write \(entry.name) to a layer")
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, of entry: ArchiveEntry) throws(ArchiveError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = archive_write_data(archive, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count >= 0 else { throw failure("write \(entry.name) to a layer") }
            guard count > 0 else { throw ArchiveError.changed(entry) }
            rest = rest.dropFirst(count)
        }
    }

    private func end(_ entry: ArchiveEntry) throws(ArchiveError) {
        guard archive_write_finish_entry(archive) == ARCHIVE_OK else {
            throw failure("write \(entry.name) to a layer")
        }
    }

    private func failure(_ action: String) -> ArchiveError {
        if let failure = output.failure { return failure }
        return ArchiveError(action, archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason")
    }

    private static func open(into output: LayerOutput) throws(ArchiveError) -> OpaquePointer {
        guard let archive = archive_write_new() else { throw ArchiveError("write a layer", "no memory") }
        // pax_restricted writes plain ustar headers where nothing more is needed, and never access times.
        // SCHILY is the only spelling of extended attributes that container runtimes read.
        // https://github.com/libarchive/libarchive/wiki/ManPageArchiveWriteSetOptions3
        let context = Unmanaged.passUnretained(output).toOpaque()
        let isOpen =
            archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK
            && archive_write_set_options(archive, "pax:xattrheader=SCHILY") == ARCHIVE_OK
            && archive_write_set_bytes_per_block(archive, 64 << 10) == ARCHIVE_OK
            // Without this the last block would be padded to the length of the others.
            && archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK
            && archive_write_open2(archive, context, nil, writeTar, nil, nil) == ARCHIVE_OK
        guard isOpen else {
            let reason = archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason"
            archive_write_free(archive)
            throw ArchiveError("write a layer", reason)
        }
        return archive
    }
}

/// libarchive calls this with the bytes of the tar; it finds our object by the context.
private let writeTar: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int = {
    _, context, bytes, count in
    guard let context, let bytes else { return -1 }
    let output = Unmanaged<LayerOutput>.fromOpaque(context).takeUnretainedValue()
    return output.write(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : -1
}
