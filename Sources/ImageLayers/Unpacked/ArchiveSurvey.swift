import Archive
import ByteText
import Definitions
import SystemPackage
import Wording

/// The content of an archive, checked before any of it is written: its size is limited, and its paths are safe.
struct ArchiveSurvey {
    /// A path that occurs more than once; the last entry wins, as when the archive is unpacked.
    struct Repeated {
        var first: Int
        var last: Int
        var entry: ArchiveEntry
    }

    /// All paths, including folders.
    private(set) var paths: Set<PathMark> = []
    private(set) var links: Set<PathMark> = []
    /// Paths whose last entry is a folder.
    private(set) var folders: Set<PathMark> = []
    private(set) var repeated: [[UInt8]: Repeated] = [:]
    private(set) var isZip = false

    init(_ layer: ImageDefinition.ArchiveLayer, size: Int64, action: String) throws {
        let limit = layer.limit ?? max(10 << 30, size.multipliedReportingOverflow(by: 100).partialValue)
        var total: Int64 = 0
        var repeatedMarks: Set<PathMark> = []
        try Self.forEach(layer.from, action) { (path, entry, _, isZip) in
            self.isZip = isZip
            // Each header counts too, because a small archive could contain a billion empty files.
            let (sum, isTooMuch) = total.addingReportingOverflow(max(0, entry.size) + 512 + Int64(entry.path.count))
            total = sum
            guard !isTooMuch, total <= limit else {
                throw Failure(
                    action,
                    "it unpacks to more than \(limit) bytes at '\(entry.name)'; where that is meant, say so by 'limit'")
            }
            let mark = PathMark(path.bytes())
            if !paths.insert(mark).inserted { repeatedMarks.insert(mark) }
            if entry.kind == .symbolicLink { links.insert(mark) }
            if entry.kind == .directory { folders.insert(mark) } else { folders.remove(mark) }
            try check(entry, path, layer, action)
        }
        guard !repeatedMarks.isEmpty else { return }
        try Self.forEach(layer.from, action) { (path, entry, index, _) in
            let bytes = path.bytes()
            guard repeatedMarks.contains(PathMark(bytes)) else { return }
            repeated[bytes, default: Repeated(first: index, last: index, entry: entry)].last = index
            repeated[bytes]?.entry = entry
        }
        repeated = repeated.filter { $0.value.first != $0.value.last }
    }

    private func check(
        _ entry: ArchiveEntry, _ path: ArchivePath, _ layer: ImageDefinition.ArchiveLayer, _ action: String
    ) throws {
        switch entry.kind {
        case .characterDevice, .blockDevice:
            guard layer.isPrivileged else {
                throw Failure(action, "'\(entry.name)' is a device; where that is meant, say 'privileged: true'")
            }
        case .hardLink:
            let target = try ArchivePath(entry.target, in: action)
            guard let target, paths.contains(PathMark(target.bytes())), target != path else {
                throw Failure(action, "'\(entry.name)' is a link to a file that does not come before it")
            }
            guard !folders.contains(PathMark(target.bytes())) else {
                throw Failure(action, "'\(entry.name)' is a link to a folder")
            }
        case .symbolicLink:
            let depth = layer.into.split(byte: "/").count + path.names.count - 1
            guard Self.lowestDepth(of: entry.target, from: depth) >= 0 else {
                throw Failure(action, "the link '\(entry.name)' leads out of the image by '..'")
            }
        case .regular, .directory, .fifo: break
        }
    }

    /// Returns the lowest depth on the way to a link's target, negative if it leaves the root.
    ///
    /// An absolute target begins at depth 0.
    private static func lowestDepth(of target: [UInt8], from depth: Int) -> Int {
        var depth = target.first == UInt8(ascii: "/") ? 0 : depth
        var lowest = depth
        for name in target.split(separator: UInt8(ascii: "/")) where name != [UInt8(ascii: ".")] {
            depth += name.elementsEqual("..".utf8) ? -1 : 1
            lowest = min(lowest, depth)
        }
        return lowest
    }

    private static func forEach(
        _ file: FilePath, _ action: String,
        _ body: (ArchivePath, ArchiveEntry, _ index: Int, _ isZip: Bool) throws -> Void
    ) throws {
        var reader = try ArchiveReader(at: file)
        var index = 0
        while let entry = try reader.next() {
            if let path = try ArchivePath(entry.path, in: action) { try body(path, entry, index, reader.isZip) }
            index += 1
        }
    }
}
