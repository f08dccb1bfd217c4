import Archive
import ImageLayers
import ImageStore
import POSIX
import SystemPackage
import Wording

/// A tar file, possibly compressed, that ADD unpacks.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#adding-local-tar-archives>.
struct TarFile {
    /// The magic numbers of gzip, bzip2, xz and zstd.
    private static let compressions: [[UInt8]] = [
        [0x1F, 0x8B], Array("BZh".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x28, 0xB5, 0x2F, 0xFD],
    ]

    private let file: FilePath
    private let changes: TransferChanges
    /// The largest unpacked size in bytes, because a small compressed file can contain any number of zeros.
    private let limit: Int64

    /// Returns whether a file is a tar; like docker, it looks only at the content and not at the name.
    static func isTar(_ file: FilePath) throws -> Bool {
        let opened = try File(file, .read)
        let start = try opened.beginning(512)
        guard isHeader(start) || compressions.contains(where: { start.starts(with: $0) }) else { return false }
        guard var reader = try? ArchiveReader(at: file) else { return false }
        return (try? reader.next()) != nil
    }

    /// Checks the checksum of a header: the sum of its bytes, with the checksum field counted as spaces.
    ///
    /// <https://www.gnu.org/software/tar/manual/html_node/Standard.html>
    private static func isHeader(_ block: [UInt8]) -> Bool {
        guard block.count == 512 else { return false }
        let digits = block[148..<156].filter { (0x30...0x37).contains($0) }
        guard let wanted = Int(String(decoding: digits, as: UTF8.self), radix: 8) else { return false }
        let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(block[$1])) }
        return sum == wanted
    }

    init(_ file: FilePath, _ changes: TransferChanges) throws {
        self.file = file
        self.changes = changes
        let size = try FileStatus(file, followingLinks: true).size
        limit = max(10 << 30, size.multipliedReportingOverflow(by: 100).partialValue)
    }

    private func failure(_ reason: String) -> Failure { Failure("unpack \(file)", reason) }

    /// Returns an entry's path relative to the target folder; the empty path is the target folder itself.
    private func path(of entry: [UInt8]) throws -> [UInt8] {
        let names = entry.split(separator: ContainerPath.slash).filter { $0 != [UInt8(ascii: ".")] }
        guard !names.contains(Array("..".utf8)[...]) else {
            throw failure("'\(String(decoding: entry.prefix(200), as: UTF8.self))' leads out of it by '..'")
        }
        return ContainerPath.joined(names)
    }

    /// Adds the parent folders of a place.
    ///
    /// They get the attributes from the archive, even if their entry comes later. Otherwise they stay as in the image,
    /// or are new and owned by root, regardless of --chown.
    private func open<Sink: EntrySink & ~Copyable>(
        above place: [UInt8], _ tree: TarTree, _ entries: inout PlacedEntries, to sink: inout Sink
    ) throws {
        let names = place.split(separator: ContainerPath.slash)
        for count in 1..<max(1, names.count) {
            let above = ContainerPath.joined(names.prefix(count))
            let path = tree.below(above)
            if let header = tree.lateHeader(of: above) {
                try entries.add(folder: changes.applied(to: header, at: path), to: &sink)
            } else if entries.placement.file(at: path)?.kind == .directory {
                try entries.open(path, in: &sink)
            } else {
                try entries.add(
                    folder: ArchiveEntry(.directory, path: path, mode: 0o755, modified: entries.modified), to: &sink)
            }
        }
    }

    private func target(of entry: ArchiveEntry) throws -> [UInt8] {
        entry.kind == .hardLink ? try path(of: entry.target) : []
    }

    private func survey(_ tree: inout TarTree) throws {
        var reader = try ArchiveReader(at: file)
        var total: Int64 = 0
        while let entry = try reader.next() {
            try tree.put(entry, at: try path(of: entry.path), target: try target(of: entry))
            let (sum, isTooMuch) = total.addingReportingOverflow(max(0, entry.size) + 512)
            total = sum
            guard !isTooMuch, total <= limit else {
                throw failure("it unpacks to more than \(limit) bytes; unpack it by a RUN where that is meant")
            }
        }
    }

    func write<Sink: EntrySink & ~Copyable>(
        into folder: [UInt8], _ entries: inout PlacedEntries, to sink: inout Sink
    ) throws {
        var tree = TarTree(in: folder, of: entries.placement)
        try survey(&tree)
        try entries.open(folder, in: &sink)
        var reader = try ArchiveReader(at: file)
        var index = -1
        while let entry = try reader.next() {
            index += 1
            let place = tree.place(of: index, try path(of: entry.path))
            // As in docker, the attributes of the entry `.` are ignored.
            guard !place.isEmpty, tree.stays(index, at: place) else { continue }
            try open(above: place, tree, &entries, to: &sink)
            var placed = changes.applied(to: tree.described(entry, index, at: place), at: tree.below(place))
            guard entry.kind != .directory else {
                try entries.add(folder: placed, to: &sink)
                continue
            }
            guard try entries.claim(placed.path, replacingFolders: true, in: &sink) else { continue }
            if entry.kind == .hardLink {
                let target = tree.target(of: index, try target(of: entry))
                placed.target = tree.below(target)
                guard entries.holds(placed.target) else {
                    throw failure(
                        "'\(ContainerPath.text(place))' is a hard link to '\(ContainerPath.text(target))', which is not in "
                            + "it or another file later on")
                }
            }
            guard entry.kind == .regular else {
                try sink.add(placed)
                continue
            }
            try sink.add(placed) { (buffer) in
                try reader.read(into: buffer)
            }
        }
    }
}

extension File {
    /// Reads at most `count` bytes from the current position.
    fileprivate func beginning(_ count: Int) throws -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < count {
            let part = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if part == 0 { break }
            filled += part
        }
        return Array(buffer[..<filled])
    }
}
