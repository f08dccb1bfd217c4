private import CLibArchive
package import POSIX
package import Wording

/// The digests and sizes of a finished layer.
package struct WrittenLayer: Sendable, Hashable {
    /// SHA-256 of the uncompressed tar.
    package let diffID: [UInt8]
    /// SHA-256 of the blob.
    package let digest: [UInt8]
    /// The length of the blob in bytes.
    package let size: Int64
    /// The length of the tar in bytes.
    package let tarSize: Int64
}

/// Writes a layer whose bytes depend only on its entries: not on time, user, locale, umask or threads.
///
/// It blocks, and belongs to one thread; other threads hash, compress and write. An unfinished layer is useless, and
/// leaves no threads running.
package struct LayerWriter: ~Copyable {
    private let archive: OpaquePointer
    /// One header for all entries, cleared for each.
    private let header: OpaquePointer
    private let output: TarOutput
    private let pipeline: LayerPipeline
    /// The hashes of all paths so far, which take little memory even for a million.
    private var written: Set<Int> = []

    /// Starts a layer in an open, empty file; `onWrite` receives, on another thread, the file's length so far.
    package init(
        writingTo file: consuming File, compression: LayerCompression,
        onWrite: @escaping @Sendable (Int64) -> Void = { _ in }
    ) throws {
        try CharacterEncoding.require("write a layer")
        let pipeline = try LayerPipeline(writingTo: file, compression, onWrite: onWrite)
        let output = TarOutput(pipeline.ring)
        do { (archive, header) = try Self.open(into: output) } catch {
            pipeline.stop()
            throw error
        }
        self.pipeline = pipeline
        self.output = output
    }

    deinit {
        pipeline.stop()
        // Freeing an archive makes libarchive write its end; the closed output discards it.
        output.close()
        archive_entry_free(header)
        archive_write_free(archive)
    }

    /// Writes an entry without content, or a regular file of length 0.
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

    /// Writes a regular file; `read` fills the buffer with the next chunk of content and returns 0 at its end.
    ///
    /// Content shorter or longer than the entry's size is an error: the file changed while it was read. The buffer is
    /// the memory in which the tar is assembled, so nothing is copied. It is often bigger than the file, and may be as
    /// small as one byte.
    package mutating func append(_ entry: ArchiveEntry, read: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        try begin(entry)
        var left = entry.size
        while true {
            guard let room = output.room() else { throw failure("write \(entry.name) to a layer") }
            // Reading one byte more than the size detects a file that grows, without reading further.
            let count = try read(UnsafeMutableRawBufferPointer(rebasing: room[..<Self.least(room.count, left + 1)]))
            if count == 0 { break }
            left -= Int64(count)
            guard left >= 0 else { break }
            try write(UnsafeRawBufferPointer(rebasing: room[..<count]), of: entry)
        }
        guard left == 0 else { throw Self.changed(entry) }
        try end(entry)
    }

    /// Writes a regular file with holes: `read` is called for the extents, and everything else is zeros.
    ///
    /// Extents are ranges of offsets in ascending order within the entry's size. `read` receives the offset to read at,
    /// and may read less than the buffer holds; 0 means that the file has become shorter.
    ///
    /// The layer contains the zeros, which cost almost nothing besides the digest. Runtimes would read a sparse entry,
    /// but it "SHOULD NOT be used" (<https://github.com/opencontainers/image-spec/blob/main/layer.md#file-types>). It
    /// saves no disk space with umoci 0.4.7 and podman 4.3.1, which unpack the zeros. And podman cannot push an image
    /// that it pulled with a sparse entry: "Digest did not match", because its tar-split keeps the names of a tar but
    /// not its holes.
    package mutating func append(
        _ entry: ArchiveEntry, extents: [Range<Int64>], read: (UnsafeMutableRawBufferPointer, Int64) throws -> Int
    ) throws {
        try begin(entry)
        var position: Int64 = 0
        for extent in extents where !extent.isEmpty {
            guard extent.lowerBound >= position, extent.upperBound <= entry.size else { throw Self.changed(entry) }
            try writeZeros(extent.lowerBound - position, of: entry)
            position = extent.lowerBound
            while position < extent.upperBound {
                guard let room = output.room() else { throw failure("write \(entry.name) to a layer") }
                let wanted = Self.least(room.count, extent.upperBound - position)
                let count = try read(UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]), position)
                guard count > 0 else { throw Self.changed(entry) }
                try write(UnsafeRawBufferPointer(rebasing: room[..<count]), of: entry)
                position += Int64(count)
            }
        }
        try writeZeros(entry.size - position, of: entry)
        try end(entry)
    }

    /// Writes the end of the archive and returns the layer's digests and sizes.
    package consuming func finish() throws -> WrittenLayer {
        guard archive_write_close(archive) == ARCHIVE_OK else { throw failure("finish a layer") }
        output.close()
        return try pipeline.finish()
    }

    /// Returns the error for content longer or shorter than the entry's size: the file changed while it was read.
    package static func changed(_ entry: ArchiveEntry) -> Failure {
        Failure("write \(entry.name) to a layer", "its content changed while it was read")
    }

    private static func least(_ room: Int, _ count: Int64) -> Int { Int(min(Int64(room), count)) }

    /// Starts an entry; throws for a path that is in the layer already.
    ///
    /// A duplicate is an error of the caller: unpackers use the second entry, if they accept it at all, and a hard link
    /// to itself cannot be created.
    private mutating func begin(_ entry: ArchiveEntry) throws {
        guard written.insert(entry.path.hashValue).inserted else {
            throw Failure("write \(entry.name) to a layer", "it is in the layer already")
        }
        archive_entry_clear(header)
        let names =
            entry.extendedAttributes.isEmpty ? AttributeNames() : AttributeNames(of: entry.extendedAttributes.keys)
        try entry.store(in: header, naming: names)
        output.attributeNames = names
        defer { output.attributeNames = AttributeNames() }
        // A name that is not UTF-8 gives a warning and is written unchanged, marked as binary.
        let result = archive_write_header(archive, header)
        guard result == ARCHIVE_OK || result == ARCHIVE_WARN else { throw failure("write \(entry.name) to a layer") }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, of entry: ArchiveEntry) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = archive_write_data(archive, rest.baseAddress, rest.count)
            guard count >= 0 else { throw failure("write \(entry.name) to a layer") }
            guard count > 0 else { throw Self.changed(entry) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private func writeZeros(_ count: Int64, of entry: ArchiveEntry) throws {
        var left = count
        while left > 0 {
            guard let room = output.room() else { throw failure("write \(entry.name) to a layer") }
            let part = Self.least(room.count, left)
            try write(UnsafeRawBufferPointer(rebasing: output.zeros[..<part]), of: entry)
            left -= Int64(part)
        }
    }

    private func end(_ entry: ArchiveEntry) throws {
        guard archive_write_finish_entry(archive) == ARCHIVE_OK else { throw failure("write \(entry.name) to a layer") }
    }

    private func failure(_ action: String) -> any Error { pipeline.ring.failure ?? Failure(action, archive) }

    private static func open(into output: TarOutput) throws -> (archive: OpaquePointer, header: OpaquePointer) {
        guard let archive = archive_write_new() else { throw Failure("write a layer", "no memory") }
        // pax_restricted writes plain ustar headers where these suffice, and never access times. Container runtimes
        // read extended attributes only with the SCHILY prefix.
        // <https://github.com/libarchive/libarchive/wiki/ManPageArchiveWriteSetOptions3>
        let context = Unmanaged.passUnretained(output).toOpaque()
        let isOpen =
            archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK
            && archive_write_set_options(archive, "pax:xattrheader=SCHILY") == ARCHIVE_OK
            // No blocking: libarchive would copy all data into its blocks, and pad the last one.
            && archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK
            && archive_write_open2(archive, context, nil, writeTar, nil, nil) == ARCHIVE_OK
        guard isOpen, let header = archive_entry_new2(archive) else {
            let reason = archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason"
            archive_write_free(archive)
            throw Failure("write a layer", reason)
        }
        return (archive, header)
    }
}

/// libarchive's callback for bytes of the tar; the context is the TarOutput.
private let writeTar: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int = {
    _, context, bytes, count in
    guard let context, let bytes else { return -1 }
    let output = Unmanaged<TarOutput>.fromOpaque(context).takeUnretainedValue()
    return output.write(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : -1
}
