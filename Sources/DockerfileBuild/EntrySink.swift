import Archive
import Hashing
import ImageLayers

/// A receiver of layer entries: a layer, or a digest of the layer that they would form.
protocol EntrySink: ~Copyable {
    mutating func add(_ entry: ArchiveEntry) throws
    /// Adds a file; `read` fills a buffer with the next part of its content, and returns 0 at the end.
    mutating func add(
        _ entry: ArchiveEntry, reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws
}

extension LayerWriter: EntrySink {
    mutating func add(_ entry: ArchiveEntry) throws {
        try append(entry)
    }

    mutating func add(_ entry: ArchiveEntry, reading read: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        try append(entry, read: read)
    }
}

/// A digest of everything that a layer would contain, which is the layer's cache key.
final class EntryDigest: EntrySink {
    private static let chunk = 256 << 10

    private var hash: SHA256? = SHA256()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 64)

    deinit { buffer.deallocate() }

    func add(_ entry: ArchiveEntry) throws { add(header: entry) }

    func add(_ entry: ArchiveEntry, reading read: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        add(header: entry)
        while true {
            let count = try read(buffer)
            if count == 0 { return }
            hash?.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Returns the digest of all entries; nothing can be added afterwards.
    func finish() -> String {
        guard let hash = hash.take() else { return "" }
        return hash.finish().hexadecimal
    }

    /// Hashes each part with its length in front, so that different lists of parts have different digests.
    private func add(header entry: ArchiveEntry) {
        let numbers = [Int64(entry.mode), entry.user, entry.group, entry.size, entry.modified]
        var parts = [Array("\(entry.kind) \(numbers)".utf8), entry.path, entry.target]
        for (name, value) in entry.extendedAttributes.sorted(by: { $0.key < $1.key }) {
            parts += [Array(name.utf8), value]
        }
        for part in parts {
            hash?.update(Array("\(part.count):".utf8).span.bytes)
            hash?.update(part.span.bytes)
        }
        hash?.update([UInt8(ascii: "\n")].span.bytes)
    }
}
