import Archive
import Definitions
import POSIX
import SystemPackage

/// The user's files as entries of a layer, depth first, the names of a folder in byte order.
///
/// What the user's machine decides and the files do not is left out: umask, owners, times, hard links between files.
struct FileTree {
    private let layer: ImageDefinition.FilesLayer
    private let rules: IgnoreRules
    private let epoch: Int64
    private let isOnBase: Bool
    private let report: @Sendable (BuildEvent) -> Void
    private let advance: (Int64) -> Void

    init(
        _ layer: ImageDefinition.FilesLayer, epoch: Int64, isOnBase: Bool,
        report: @escaping @Sendable (BuildEvent) -> Void, advance: @escaping (Int64) -> Void
    ) throws(ImageBuildError) {
        self.layer = layer
        self.epoch = epoch
        self.isOnBase = isOnBase
        self.report = report
        self.advance = advance
        rules = try IgnoreRules(layer.exclude)
    }

    func write(to writer: inout LayerWriter) throws(ImageBuildError) {
        let status = try posix { () throws(POSIXError) in try FileStatus(layer.from, followingLinks: true) }
        let parents = ParentFolders.entries(
            to: layer.into, includingItself: true, onBase: isOnBase, modified: epoch)
        for entry in parents { try archived { () throws(ArchiveError) in try writer.append(entry) } }
        let into = layer.into.split(separator: "/").joined(separator: "/").utf8
        if status.kind == .directory {
            try writeFolder(layer.from, below: [], into: Array(into), to: &writer)
        } else if let name = layer.from.lastComponent {
            try write(layer.from, path: Self.bytes(of: name), into: Array(into), to: &writer)
        }
    }

    private func writeFolder(
        _ folder: FilePath, below prefix: [UInt8], into: [UInt8], to writer: inout LayerWriter
    ) throws(ImageBuildError) {
        let before = try posix { () throws(POSIXError) in try FileStatus(folder, followingLinks: true) }
        let names = try posix { () throws(POSIXError) in try FileSystem.names(in: folder) }
        for name in names {
            let path = prefix + (prefix.isEmpty ? [] : [UInt8(ascii: "/")]) + Self.bytes(of: name)
            if rules.excludes(path) && !rules.mayIncludeBelow(path) { continue }
            try write(folder.appending(name), path: path, into: into, to: &writer)
        }
        let after = try posix { () throws(POSIXError) in try FileStatus(folder, followingLinks: true) }
        guard after.isUnchanged(since: before) else {
            throw ImageBuildError("read \(folder)", "the folder changed while it was read; build again")
        }
    }

    private func write(
        _ file: FilePath, path: [UInt8], into: [UInt8], to writer: inout LayerWriter
    ) throws(ImageBuildError) {
        let status = try posix { () throws(POSIXError) in try FileStatus(file) }
        let target = into + (into.isEmpty ? [] : [UInt8(ascii: "/")]) + path
        guard let name = file.lastComponent, !name.string.hasPrefix(".wh.") else {
            throw ImageBuildError("put \(file) into a layer", "names that begin with '.wh.' mean removals in a layer")
        }
        let modified = layer.modificationTime == .keep ? Self.seconds(status.modified) : epoch
        var entry = ArchiveEntry(
            .regular, path: target, mode: 0o755, user: Int64(layer.owner.user), group: Int64(layer.owner.group),
            modified: modified)
        switch status.kind {
        case .directory:
            if let known = ParentFolders.entry(target, onBase: isOnBase, modified: modified) {
                entry.kind = .directory
                entry.mode = known.mode
                try archived { () throws(ArchiveError) in try writer.append(entry) }
            }
            try writeFolder(file, below: path, into: into, to: &writer)
        case .symbolicLink:
            entry.kind = .symbolicLink
            entry.mode = 0o777
            entry.target = try Self.target(of: file)
            try archived { () throws(ArchiveError) in try writer.append(entry) }
        case .regular:
            entry.mode = layer.mode ?? (status.mode & 0o100 != 0 ? 0o755 : 0o644)
            entry.size = status.size
            try write(file, status, entry, to: &writer)
        case .fifo, .socket, .characterDevice, .blockDevice, .unknown:
            report(.warning("\(file) is no file, folder or link; it is left out"))
        }
    }

    /// Writes a file's content, and fails where the file is not the same before and after.
    private func write(
        _ path: FilePath, _ expected: FileStatus, _ entry: ArchiveEntry, to writer: inout LayerWriter
    ) throws(ImageBuildError) {
        let file = try posix { () throws(POSIXError) in try File(readingNoFollow: path) }
        let before = try posix { () throws(POSIXError) in try file.status() }
        let changed = ImageBuildError("read \(path)", "it changed while it was read; build again")
        guard before.isUnchanged(since: expected) else { throw changed }
        try writer.append(entry, wrapping: { _ in changed }) { (buffer) throws(ImageBuildError) in
            let count = try posix { () throws(POSIXError) in try file.read(into: buffer) }
            advance(Int64(count))
            return count
        }
        let after = try posix { () throws(POSIXError) in try file.status() }
        guard after.isUnchanged(since: before) else { throw changed }
    }

    private static func target(of link: FilePath) throws(ImageBuildError) -> [UInt8] {
        let folder = try posix { () throws(POSIXError) in
            try Folder(link.removingLastComponent().isEmpty ? "." : link.removingLastComponent())
        }
        guard let name = link.lastComponent else { return [] }
        return try posix { () throws(POSIXError) in try folder.readLinkBytes(name) }
    }

    private static func seconds(_ nanoseconds: Int64) -> Int64 {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    static func bytes(of name: FilePath.Component) -> [UInt8] {
        name.withPlatformString { text in
            var bytes: [UInt8] = []
            var next = text
            while next.pointee != 0 {
                bytes.append(UInt8(bitPattern: next.pointee))
                next += 1
            }
            return bytes
        }
    }
}
