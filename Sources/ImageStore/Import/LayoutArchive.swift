import Archive
import ByteText
import OCI
import POSIX
import SystemPackage
import Wording

/// An OCI layout in a tar, which is read twice: once for the manifests and configs, once for the layers.
///
/// The order in the tar is not specified: `index.json` may come before or after the blobs that it lists.
struct LayoutArchive: LayoutContent {
    /// The size limit of a document in bytes: registries accept manifests of 4 MiB, but a config with a long history
    /// may be bigger.
    static let largestDocument = 16 << 20
    /// The size limit of all documents together in bytes; many may belong to other images.
    private static let mostDocuments = 128 << 20

    private let file: FilePath
    private let action: String
    private let indexContent: [UInt8]
    private let documents: [Digest: [UInt8]]

    init(_ file: FilePath, action: String) throws {
        self.file = file
        self.action = action
        var index: [UInt8]?
        var documents: [Digest: [UInt8]] = [:]
        var total = 0
        var reader = try LayerReader(at: file)
        while let entry = try reader.next() {
            guard entry.kind == .regular, entry.size <= Int64(Self.largestDocument) else { continue }
            let digest = Self.digest(of: entry)
            let isIndex = Self.path(of: entry) == ["index.json"]
            guard digest != nil || isIndex else { continue }
            let content = try reader.document(limit: Self.largestDocument)
            guard let content else { continue }
            total += content.count
            guard total <= Self.mostDocuments else { throw Failure(action, "it has too many documents") }
            if let digest { documents[digest] = content } else { index = content }
        }
        guard let index else { throw Failure(action, "it has no index.json, so it is no OCI layout") }
        indexContent = index
        self.documents = documents
    }

    func index() throws -> [UInt8] { indexContent }

    func document(_ blob: Descriptor) throws -> [UInt8] {
        guard let content = documents[blob.digest] else { throw Failure(action, "it lacks blob \(blob.digest)") }
        return content
    }

    func add(_ blobs: [Descriptor], to store: ImageStore) throws {
        var wanted = Dictionary(blobs.map { ($0.digest, $0) }) { first, _ in first }
        guard !wanted.isEmpty else { return }
        var reader = try LayerReader(at: file)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while let entry = try reader.next(), !wanted.isEmpty {
            guard entry.kind == .regular, let digest = Self.digest(of: entry), let blob = wanted[digest] else {
                continue
            }
            wanted[digest] = nil
            var writer = try store.makeBlob(blob)
            while true {
                let count = try reader.read(into: buffer)
                if count == 0 { break }
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try writer.finish()
        }
        if let missing = wanted.keys.min(by: { $0.hexadecimal < $1.hexadecimal }) {
            throw Failure(action, "blob \(missing) is not there")
        }
    }

    /// Returns the path components of an entry, without a leading `.`.
    private static func path(of entry: ArchiveEntry) -> [String] {
        entry.name.split(byte: "/").map(String.init).filter { $0 != "." }
    }

    private static func digest(of entry: ArchiveEntry) -> Digest? {
        let names = path(of: entry)
        guard names.count == 3, names[0] == "blobs", names[1] == "sha256" else { return nil }
        return try? Digest("sha256:\(names[2])")
    }
}

extension LayerReader {
    /// Returns the current entry's content if it may be JSON; nil for anything else, such as a layer.
    fileprivate mutating func document(limit: Int) throws -> [UInt8]? {
        let first = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { first.deallocate() }
        guard try read(into: first) == 1, [UInt8(ascii: "{"), 0x20, 0x0A, 0x0D, 0x09].contains(first[0]) else {
            return nil
        }
        return [first[0]] + (try content(limit: limit))
    }
}
