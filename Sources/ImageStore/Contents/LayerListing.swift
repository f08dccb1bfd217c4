import Archive
import Hashing
import OCI
import POSIX
import SystemPackage
import Wording

/// The headers of a layer in the order of its tar, cached so that a layer of gigabytes is decompressed only once.
///
/// The cache file is named after the layer's digest, so it cannot go out of date. A damaged one is made again.
struct LayerListing {
    /// The first line of the file; another format needs another one.
    private static let generation = Array("caasctl listing 2\n".utf8)
    /// The size limit in bytes, beyond what legitimate layers need: 5,000,000 names take about 200 MB.
    private static let longest = 512 << 20

    /// The file's content: the first line, the records and their SHA-256 digest.
    let bytes: [UInt8]

    /// A reader of the records only.
    var records: RecordReader {
        RecordReader(bytes, from: Self.generation.count, to: bytes.count - SHA256.byteCount)
    }

    /// Reads a layer's cached listing, or makes one from the layer itself.
    init(of layer: Descriptor, at path: FilePath, keptIn folder: FilePath) throws {
        let file = folder.appending("sha256").appending(layer.digest.hexadecimal)
        if let kept = Self.read(file) {
            bytes = kept
            return
        }
        bytes = try Self.make(of: layer, at: path)
        // Failing to write the cache only costs the next reader time.
        try? FileSystem.makeFolder(file.removingLastComponent())
        try? FileSystem.write(bytes, to: file)
    }

    private static func read(_ path: FilePath) -> [UInt8]? {
        guard let bytes = try? FileSystem.read(path, limit: longest + 64), bytes.starts(with: generation),
            bytes.count >= generation.count + SHA256.byteCount
        else { return nil }
        let content = bytes.dropLast(SHA256.byteCount)
        let isWhole = SHA256.hash(content).elementsEqual(bytes.suffix(SHA256.byteCount))
        return isWhole ? bytes : nil
    }

    private static func make(of layer: Descriptor, at path: FilePath) throws -> [UInt8] {
        let file = try File(path, .read)
        var writer = RecordWriter()
        writer.append(raw: generation)
        var previous: [UInt8] = []
        let digests: LayerReader.Digests
        var reader = try LayerReader(file)
        while let entry = try reader.next() {
            writer.append(entry, after: previous)
            previous = entry.path
            guard writer.bytes.count < longest else {
                throw Failure("read layer \(layer.digest)", "it has more names than any honest layer")
            }
        }
        digests = try reader.finish()
        guard Digest(sha256: digests.digest) == layer.digest else {
            throw Failure("read layer \(layer.digest)", "the content of \(path) is damaged")
        }
        return writer.bytes + SHA256.hash(writer.bytes)
    }
}

/// One header in a listing; the reader holds its path.
struct ListedEntry {
    let kind: ArchiveEntry.Kind
    let mode: UInt32
    let user: Int64
    let group: Int64
    let size: Int64
    let modified: Int64
    /// The range of the target and the extended attributes; empty if there are none.
    let extra: Range<Int>
}

extension RecordWriter {
    /// The kinds in the order of their numbers in a listing.
    static let kinds: [ArchiveEntry.Kind] = [
        .regular, .directory, .symbolicLink, .hardLink, .characterDevice, .blockDevice, .fifo,
    ]

    fileprivate mutating func append(_ entry: ArchiveEntry, after previous: [UInt8]) {
        let shared = zip(entry.path, previous).prefix { $0 == $1 }.count
        append(UInt64(Self.kinds.firstIndex(of: entry.kind) ?? 0))
        append(UInt64(shared))
        append(entry.path[shared...])
        append(UInt64(entry.mode))
        // A device entry has no content, so its numbers take the place of the size.
        let size = entry.device.map { Int64($0.major) << 32 | Int64($0.minor) } ?? entry.size
        for number in [entry.user, entry.group, size, entry.modified] { append(number) }
        var extra = RecordWriter()
        if !entry.target.isEmpty || !entry.extendedAttributes.isEmpty {
            extra.append(entry.target)
            for (name, value) in entry.extendedAttributes.sorted(by: { $0.key < $1.key }) {
                extra.append(name.utf8)
                extra.append(value)
            }
        }
        append(extra.bytes)
    }
}

extension RecordReader {
    /// Returns the next header, or nil at the end; `path` holds the previous path and is set to the new one.
    mutating func next(after path: inout [UInt8]) throws -> ListedEntry? {
        guard !isAtEnd else { return nil }
        let number = try number()
        guard number < RecordWriter.kinds.count else { throw Self.damage }
        guard let shared = Int(exactly: try self.number()), shared <= path.count else { throw Self.damage }
        path.removeSubrange(shared...)
        path.append(contentsOf: bytes[try range()])
        return ListedEntry(
            kind: RecordWriter.kinds[Int(number)], mode: UInt32(truncatingIfNeeded: try self.number()),
            user: try signed(), group: try signed(), size: try signed(), modified: try signed(), extra: try range())
    }
}
