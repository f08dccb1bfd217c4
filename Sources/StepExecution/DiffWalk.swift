import Archive
import ByteText
import ImageLayers
import POSIX
import SystemPackage
import Wording

/// Walks over an overlay's upper folder, depth first, names in byte order, and whiteouts of each folder first.
final class DiffWalk {
    /// Receives an entry and its content; returns false to end the walk.
    typealias Visit = (ArchiveEntry, Content?) throws -> Bool

    /// The file with an entry's content.
    struct Content {
        let folder: Folder
        let name: FilePath.Component

        func open() throws -> File {
            try folder.open(name)
        }
    }

    /// The attributes that mark an opaque folder, as root and in a user namespace.
    ///
    /// <https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories>
    private static let opaqueMarks = ["trusted.overlay.opaque", "user.overlay.opaque"]

    private let epoch: Int64
    /// Whether the files in the folder get the times of their entries.
    private let isSettling: Bool
    private let warn: (String) -> Void
    /// The path of the first name of each file that has several names.
    private var firstNames: [FileID: [UInt8]] = [:]
    /// Parent folders that did not change themselves; they are visited with the first change in them.
    private var untold: [ArchiveEntry] = []
    private var isStopped = false

    init(epoch: Int64, isSettling: Bool, warn: @escaping (String) -> Void) {
        self.epoch = epoch
        self.isSettling = isSettling
        self.warn = warn
    }

    func run(_ changes: FilePath, _ below: FilePath, _ visit: Visit) throws {
        let folders = [try Folder(changes), try Folder(below)]
        try walk(folders[0], below: folders[1], path: [], visit)
    }

    private func walk(_ folder: Folder, below: Folder?, path: [UInt8], _ visit: Visit) throws {
        if isSettling { try BytecodeTimes.settle(folder) { [epoch] in min($0, epoch) } }
        let names = try folder.names()
        var rest: [(FilePath.Component, FileStatus)] = []
        for name in names {
            guard let status = try folder.status(name) else { continue }
            guard status.kind == .characterDevice, status.specialDevice == 0 else {
                rest.append((name, status))
                continue
            }
            // A file that was made and removed again leaves a whiteout, and so does a mount point.
            guard try below?.status(name) != nil else { continue }
            try tell(removal(Array(".wh.".utf8) + Self.bytes(of: name), in: path), visit)
        }
        for (name, status) in rest where !isStopped {
            try walk(name, status, in: folder, below: below, path: Self.join(path, Self.bytes(of: name)), visit)
        }
    }

    private func walk(
        _ name: FilePath.Component, _ status: FileStatus, in folder: Folder, below: Folder?, path: [UInt8],
        _ visit: Visit
    ) throws {
        guard !name.string.hasPrefix(bytes: ".wh.") else {
            throw Failure(
                "put \(String(decoding: path, as: UTF8.self)) into a layer",
                "names that begin with '.wh.' mean removals in a layer")
        }
        let modified = min(status.modifiedSeconds, epoch)
        var entry = ArchiveEntry(
            .regular, path: path, mode: status.mode, user: Int64(status.user), group: Int64(status.group),
            modified: modified, extendedAttributes: try Self.attributes(of: name, in: folder))
        switch status.kind {
        case .directory:
            entry.kind = .directory
            let marks = try folder.extendedAttributes(of: name) { Self.opaqueMarks.contains($0) }
            let isOpaque = marks.values.contains(Array("y".utf8))
            try walkFolder(name, entry, isOpaque: isOpaque, in: folder, below: below, visit)
        case .regular, .symbolicLink, .fifo, .characterDevice, .blockDevice:
            try tellFile(&entry, name, status, in: folder, visit)
        case .socket, .unknown:
            warn("/\(entry.name) is no file that a layer can hold; it is left out")
            guard isSettling else { return }
            return try folder.removeTree(name)
        }
        guard isSettling, status.modified != modified * 1_000_000_000 || status.kind == .directory else { return }
        try folder.setModified(name, seconds: modified)
    }

    private func walkFolder(
        _ name: FilePath.Component, _ entry: ArchiveEntry, isOpaque: Bool, in folder: Folder, below: Folder?,
        _ visit: Visit
    ) throws {
        let known = try below?.status(name)
        let attributes = try known.map { (_) in try Self.attributes(of: name, in: below) }
        let isSame = known.map { known in
            known.kind == .directory && known.mode == entry.mode && Int64(known.user) == entry.user
                && Int64(known.group) == entry.group && attributes == entry.extendedAttributes
        }
        untold.append(entry)
        if isSame != true { try tellParents(visit) }
        let inner = known?.kind == .directory ? try below?.folder(name) : nil
        if isOpaque, inner != nil { try tell(removal(Array(".wh..wh..opq".utf8), in: entry.path), visit) }
        let next = try folder.folder(name)
        try walk(next, below: isOpaque ? nil : inner, path: entry.path, visit)
        if untold.last?.path == entry.path { untold.removeLast() }
    }

    private func tellFile(
        _ entry: inout ArchiveEntry, _ name: FilePath.Component, _ status: FileStatus, in folder: Folder,
        _ visit: Visit
    ) throws {
        switch status.kind {
        case .symbolicLink:
            entry.kind = .symbolicLink
            entry.mode = 0o777
            entry.target = try folder.readLinkBytes(name)
        case .fifo: entry.kind = .fifo
        case .characterDevice, .blockDevice:
            entry.kind = status.kind == .blockDevice ? .blockDevice : .characterDevice
            let (major, minor) = status.specialDeviceNumbers
            entry.device = ArchiveEntry.Device(major: major, minor: minor)
        default: entry.size = status.size
        }
        if status.links > 1 {
            let identity = status.id
            if let first = firstNames[identity] {
                entry.kind = .hardLink
                entry.target = first
                entry.size = 0
                entry.extendedAttributes = [:]
            } else {
                firstNames[identity] = entry.path
            }
        }
        try tell(entry, visit, Content(folder: folder, name: name))
    }

    private func removal(_ name: [UInt8], in path: [UInt8]) -> ArchiveEntry {
        ArchiveEntry(.regular, path: Self.join(path, name), mode: 0o644, modified: min(0, epoch))
    }

    private func tell(_ entry: ArchiveEntry, _ visit: Visit, _ content: Content? = nil) throws {
        try tellParents(visit)
        guard !isStopped else { return }
        isStopped = try !visit(entry, content)
    }

    private func tellParents(_ visit: Visit) throws {
        let parents = untold
        untold = []
        for parent in parents where !isStopped { isStopped = try !visit(parent, nil) }
    }

    private static func attributes(of name: FilePath.Component, in folder: Folder?) throws -> [String: [UInt8]] {
        try folder?.extendedAttributes(of: name) { CarriedAttributes.isCarried($0, withModes: true) } ?? [:]
    }

    private static func bytes(of name: FilePath.Component) -> [UInt8] {
        name.withPlatformString { text in
            var count = 0
            while text[count] != 0 { count += 1 }
            return Array(UnsafeRawBufferPointer(start: text, count: count))
        }
    }

    private static func join(_ path: [UInt8], _ name: [UInt8]) -> [UInt8] {
        path.isEmpty ? name : path + [UInt8(ascii: "/")] + name
    }
}
