import Archive
import ImageLayers
import ImageStore
import POSIX
import SystemPackage
import Wording

/// A file of the build context, from which a Dockerfile's COPY and ADD take files.
struct ContextFile: TransferNode {
    let path: [UInt8]
    /// The path on this machine.
    let place: FilePath
    let status: FileStatus
    let header: ArchiveEntry?
    var identity: FileID? { status.links > 1 && status.kind == .regular ? status.id : nil }
}

/// The build context, from which a Dockerfile's COPY and ADD take files.
///
/// Modes are kept, owners and times are not. Symbolic links are resolved with the folder as the root.
struct ContextFolder: TransferSource {
    var folder: FilePath
    let rules: IgnoreRules?
    /// The modification time of the files in the image.
    var modified: Int64
    let report: @Sendable (BuildEvent) -> Void

    var name: String { "\(folder)" }
    var isReadAsMet: Bool { true }

    func find(_ path: [UInt8]) throws -> ContextFile? {
        var walk = PathWalk(path)
        while let next = walk.nextPlace() {
            let place = place(of: next)
            guard let status = try status(of: place) else { return nil }
            guard status.kind == .symbolicLink else {
                walk.enter()
                if status.kind != .directory && !walk.isAtEnd { return nil }
                continue
            }
            guard walk.follow(try Self.target(of: place)) else {
                throw Failure("find '\(ContainerPath.text(path))' in \(folder)", "its links lead in a circle")
            }
        }
        return try file(at: walk.place)
    }

    func children(of folder: ContextFile) throws -> [ContextFile] {
        let opened = try Folder(folder.place)
        let names = try opened.listing()
        var files: [ContextFile] = []
        for index in 0..<names.count {
            let path = ContainerPath.appending(names.name(index), to: folder.path)
            // Another process may change the folder meanwhile; a file that is gone by now is skipped.
            guard let status = try opened.status(index, of: names) else {
                continue
            }
            let place = place(of: path)
            let header = try header(path, place, status, in: opened)
            files.append(ContextFile(path: path, place: place, status: status, header: header))
        }
        return files
    }

    func place(of node: ContextFile) -> FilePath? { node.place }

    func read(_ files: [ContextFile], _ body: (ContextFile, ContentReader) throws -> Void) throws {
        for expected in files {
            let changed = Failure("read \(expected.place)", "it changed while it was read; build again")
            let file = try File(readingNoFollow: expected.place)
            let before = try file.status()
            guard before.isUnchanged(since: expected.status) else { throw changed }
            try body(expected) { (buffer) in
                try file.read(into: buffer)
            }
            let after = try file.status()
            guard after.isUnchanged(since: before) else { throw changed }
        }
    }

    private func place(of path: [UInt8]) -> FilePath {
        // Names may not be valid UTF-8.
        path.isEmpty
            ? folder : folder.pushing(FilePath(platformString: path.map { CChar(bitPattern: $0) } + [0]))
    }

    private func status(of place: FilePath) throws -> FileStatus? {
        do throws(POSIXError) { return try FileStatus(place) } catch {
            if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory { return nil }
            throw error
        }
    }

    private func file(at path: [UInt8]) throws -> ContextFile? {
        let place = place(of: path)
        guard
            let status = path.isEmpty
                ? try FileStatus(place, followingLinks: true)
                : try status(of: place)
        else { return nil }
        let above =
            path.isEmpty ? nil : try Folder(place.removingLastComponent())
        let header = try header(path, place, status, in: above)
        return ContextFile(path: path, place: place, status: status, header: header)
    }

    private func header(
        _ path: [UInt8], _ place: FilePath, _ status: FileStatus, in folder: Folder?
    ) throws -> ArchiveEntry? {
        var entry = ArchiveEntry(.regular, path: path, mode: status.mode, modified: modified)
        if let folder, let name = place.lastComponent {
            entry.extendedAttributes = try folder.extendedAttributes(of: name) {
                CarriedAttributes.isCarried($0, withModes: true)
            }
        }
        switch status.kind {
        case .regular: entry.size = status.size
        case .directory: entry.kind = .directory
        case .fifo: entry.kind = .fifo
        case .symbolicLink:
            entry.kind = .symbolicLink
            entry.mode = 0o777
            entry.target = try Self.target(of: place)
        case .socket, .characterDevice, .blockDevice, .unknown:
            report(.warning("\(place) is no file, folder or link; it is left out"))
            return nil
        }
        return entry
    }

    private static func target(of link: FilePath) throws -> [UInt8] {
        guard let name = link.lastComponent else { return [] }
        return try Folder(link.removingLastComponent()).readLinkBytes(name)
    }
}
