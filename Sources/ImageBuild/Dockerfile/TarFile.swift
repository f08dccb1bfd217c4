import Archive
import POSIX
import SystemPackage

/// A tar, compressed or not, that ADD unpacks.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#adding-local-tar-archives>.
struct TarFile {
    /// The beginnings of gzip, bzip2, xz and zstd.
    private static let compressions: [[UInt8]] = [
        [0x1F, 0x8B], Array("BZh".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x28, 0xB5, 0x2F, 0xFD],
    ]

    private let file: FilePath
    private let changes: TransferChanges
    /// What it may unpack to: a small file can hold any number of zeros.
    private let limit: Int64
    /// The last entry of each path, which is the one that counts.
    private var last: [PathKey: Int] = [:]
    private var links: Set<PathKey> = []

    /// A path by a hash: a million of them take little memory, and no archive can choose two alike.
    private struct PathKey: Hashable {
        let value: Int

        init(_ path: [UInt8]) {
            var hasher = Hasher()
            hasher.combine(path)
            value = hasher.finalize()
        }
    }

    /// True for a tar, whatever it is called: docker looks at the content alone.
    static func isTar(_ file: FilePath) throws(ImageBuildError) -> Bool {
        let start = try posix { () throws(POSIXError) in
            let opened = try File(file, .read)
            return try opened.beginning(512)
        }
        guard isHeader(start) || compressions.contains(where: { start.starts(with: $0) }) else { return false }
        guard var reader = try? open(file), let entry = try? reader.next() else { return false }
        return !entry.path.isEmpty
    }

    /// The sum of a header's bytes stands in it, its own place counted as spaces.
    /// <https://www.gnu.org/software/tar/manual/html_node/Standard.html>
    private static func isHeader(_ block: [UInt8]) -> Bool {
        guard block.count == 512, block[0] != 0 else { return false }
        let digits = block[148..<156].filter { (0x30...0x37).contains($0) }
        guard let wanted = Int(String(decoding: digits, as: UTF8.self), radix: 8) else { return false }
        let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(block[$1])) }
        return sum == wanted
    }

    private static func open(_ file: FilePath) throws(ImageBuildError) -> ArchiveReader {
        let opened = try posix { () throws(POSIXError) in try File(file, .read) }
        do throws(ArchiveError) { return try ArchiveReader(opened) } catch { throw ImageBuildError(error) }
    }

    init(_ file: FilePath, _ changes: TransferChanges) throws(ImageBuildError) {
        self.file = file
        self.changes = changes
        let size = try posix { () throws(POSIXError) in try FileStatus(file, followingLinks: true).size }
        limit = max(10 << 30, size.multipliedReportingOverflow(by: 100).partialValue)
        try survey()
    }

    private func failure(_ reason: String) -> ImageBuildError { ImageBuildError("unpack \(file)", reason) }

    /// Where an entry belongs below the folder that is unpacked into, the empty path for the folder itself.
    private func path(of entry: [UInt8]) throws(ImageBuildError) -> [UInt8] {
        let names = entry.split(separator: ContainerPath.slash).filter { $0 != [UInt8(ascii: ".")] }
        guard !names.contains(Array("..".utf8)[...]) else {
            throw failure("'\(String(decoding: entry.prefix(200), as: UTF8.self))' leads out of it by '..'")
        }
        return ContainerPath.joined(names)
    }

    private mutating func survey() throws(ImageBuildError) {
        var reader = try Self.open(file)
        var index = 0
        var total: Int64 = 0
        while let entry = try archived({ () throws(ArchiveError) in try reader.next() }) {
            let path = try path(of: entry.path)
            last[PathKey(path)] = index
            if entry.kind == .symbolicLink { links.insert(PathKey(path)) }
            index += 1
            let (sum, isTooMuch) = total.addingReportingOverflow(max(0, entry.size) + 512)
            total = sum
            guard !isTooMuch, total <= limit else {
                throw failure("it unpacks to more than \(limit) bytes; unpack it by a RUN where that is meant")
            }
        }
    }

    mutating func write<Sink: EntrySink & ~Copyable>(
        into folder: [UInt8], _ entries: inout PlacedEntries, to sink: inout Sink
    ) throws(ImageBuildError) {
        var reader = try Self.open(file)
        var index = -1
        while let entry = try archived({ () throws(ArchiveError) in try reader.next() }) {
            index += 1
            let path = try path(of: entry.path)
            if path.isEmpty && folder.isEmpty { continue }
            guard entry.kind != .directory else {
                let place = try entries.placement.folder(Self.joined(folder, path))
                try entries.add(folder: changes.applied(to: entry, at: place), to: &sink)
                continue
            }
            guard last[PathKey(path)] == index else { continue }
            let place = try self.place(of: path, in: folder, entries)
            guard try entries.claim(place, in: &sink) else { continue }
            var placed = changes.applied(to: entry, at: place)
            if entry.kind == .hardLink {
                placed.target = try self.place(of: try self.path(of: entry.target), in: folder, entries)
            }
            guard entry.kind == .regular else {
                try sink.add(placed)
                continue
            }
            try sink.add(placed) { (buffer) throws(ImageBuildError) in
                try archived { () throws(ArchiveError) in try reader.read(into: buffer) }
            }
        }
    }

    private func place(
        of path: [UInt8], in folder: [UInt8], _ entries: PlacedEntries
    ) throws(ImageBuildError) -> [UInt8] {
        var above: [ArraySlice<UInt8>] = []
        for name in path.split(separator: ContainerPath.slash).dropLast() {
            above.append(name)
            if links.contains(PathKey(ContainerPath.joined(above))) {
                let link = ContainerPath.joined(above)
                throw failure(
                    "'\(String(decoding: path, as: UTF8.self))' lies behind its link "
                        + "'\(String(decoding: link, as: UTF8.self))'")
            }
        }
        let parent = try entries.placement.folder(Self.joined(folder, ContainerPath.parent(of: path)))
        return ContainerPath.appending(
            ContainerPath.lastName(of: path), to: parent)
    }

    private static func joined(_ folder: [UInt8], _ path: [UInt8]) -> [UInt8] {
        path.isEmpty ? folder : ContainerPath.appending(path, to: folder)
    }
}

extension File {
    /// At most so many bytes from where the file stands.
    fileprivate func beginning(_ count: Int) throws(POSIXError) -> [UInt8] {
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
