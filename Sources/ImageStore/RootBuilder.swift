import Archive
import POSIX
import SystemPackage

/// A root file system under construction, which resolves every path below its root.
///
/// Symbolic links resolve as in a process with this root. They are read here; the kernel never follows them.
final class RootBuilder {
    /// Linux's limit of symbolic links on the way to one file.
    private static let mostLinks = 40

    /// The attributes that a folder gets once its content is complete.
    struct FolderAttributes {
        var mode: UInt32 = 0o755
        var user: UInt32 = 0
        var group: UInt32 = 0
        var modified: Int64 = 0
    }

    /// A folder with its path below the root; the path has no symbolic links in it.
    struct Place {
        var folder: Folder
        var path: [FilePath.Component]
    }

    private let root: Folder
    private let isOwnerKept: Bool
    private var attributes: [FilePath: FolderAttributes] = [:]
    private var recent: (names: [FilePath.Component], place: Place)?

    init(_ path: FilePath, keepingOwners: Bool) throws {
        root = try Folder(path)
        isOwnerKept = keepingOwners
    }

    /// Opens a folder by its path; with `making` it creates missing folders, otherwise it returns nil for them.
    func walk(_ names: some Collection<FilePath.Component>, making: Bool) throws -> Place? {
        if let recent, recent.names.elementsEqual(names) { return recent.place }
        var folders: [Folder] = []
        var path: [FilePath.Component] = []
        var rest = Array(names.reversed())
        var links = 0
        while let name = rest.popLast() {
            if name.kind == .currentDirectory { continue }
            if name.kind == .parentDirectory {
                _ = folders.popLast()
                _ = path.popLast()
                continue
            }
            let current = folders.last ?? root
            let status = try current.status(name)
            if status?.kind == .symbolicLink {
                links += 1
                let place = current.path.appending(name)
                guard links <= Self.mostLinks else { throw POSIXError("open", place, .tooManySymbolicLinkLevels) }
                let target = try current.readLink(name)
                if target.isAbsolute {
                    folders = []
                    path = []
                }
                rest.append(contentsOf: target.components.reversed())
                continue
            }
            if status == nil {
                guard making else { return nil }
                try current.makeFolder(name, mode: 0o700)
                attributes[FilePath(root: nil, path + [name])] = FolderAttributes()
            }
            folders.append(try current.folder(name))
            path.append(name)
        }
        let place = Place(folder: folders.last ?? root, path: path)
        recent = (Array(names), place)
        return place
    }

    /// Applies a layer's whiteout.
    func apply(_ whiteout: Whiteout) throws {
        guard let place = try walk(whiteout.folder, making: false) else { return }
        if let name = whiteout.name { return try remove(name, in: place) }
        for name in try place.folder.names() { try remove(name, in: place) }
    }

    /// Removes a name with everything below it.
    func remove(_ name: FilePath.Component, in place: Place) throws {
        guard let status = try place.folder.status(name) else { return }
        if status.kind == .directory {
            let gone = FilePath(root: nil, place.path + [name])
            attributes = attributes.filter { !$0.key.starts(with: gone) }
        }
        // The cached place may have been reached through this name.
        if status.kind != .regular { recent = nil }
        try place.folder.removeTree(name)
    }

    /// Creates a folder or keeps an existing one; ``finishFolders()`` sets its attributes.
    func makeFolder(_ name: FilePath.Component, in place: Place, _ entry: ArchiveEntry) throws {
        if try place.folder.status(name)?.kind != .directory {
            try remove(name, in: place)
            try place.folder.makeFolder(name, mode: 0o700)
        }
        attributes[FilePath(root: nil, place.path + [name])] = FolderAttributes(entry)
    }

    /// Records the attributes of the root itself.
    func setRoot(_ entry: ArchiveEntry) { attributes[FilePath()] = FolderAttributes(entry) }

    /// Sets owner and modification time of a symbolic link or a FIFO.
    func finish(_ name: FilePath.Component, in place: Place, _ entry: ArchiveEntry) throws {
        let owner = FolderAttributes(entry)
        if isOwnerKept { try place.folder.setOwner(name, user: owner.user, group: owner.group) }
        try place.folder.setModified(name, seconds: entry.modified)
    }

    /// Sets owner, mode, extended attributes and modification time of a file.
    ///
    /// The mode comes after the owner, since changing the owner clears setuid.
    func finish(_ file: borrowing File, _ entry: ArchiveEntry) throws {
        let owner = FolderAttributes(entry)
        if isOwnerKept {
            try file.setOwner(user: owner.user, group: owner.group)
            for (name, value) in entry.extendedAttributes { _ = file.setExtendedAttribute(name, value) }
        }
        try file.setMode(entry.mode)
        try file.setModified(seconds: entry.modified)
    }

    /// Sets the folders' attributes, the deepest first: a folder without search permission blocks access to its
    /// content.
    func finishFolders() throws {
        recent = nil
        for (path, wanted) in attributes.sorted(by: { $0.key.components.count > $1.key.components.count }) {
            guard let place = try walk(path.components, making: false) else { continue }
            try place.folder.setAttributes(
                owner: isOwnerKept ? (wanted.user, wanted.group) : nil, mode: wanted.mode,
                modifiedSeconds: wanted.modified)
        }
        attributes = [:]
    }
}

extension RootBuilder.FolderAttributes {
    /// Copies a header's attributes; owners beyond 32 bits, which Linux does not support, become root.
    fileprivate init(_ entry: ArchiveEntry) {
        mode = entry.mode
        user = UInt32(exactly: entry.user) ?? 0
        group = UInt32(exactly: entry.group) ?? 0
        modified = entry.modified
    }
}
