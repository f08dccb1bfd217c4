import Archive
import ImageLayers
import ImageStore
import Wording

/// Adds entries to a layer: each path once, and each folder before its content.
struct PlacedEntries {
    let placement: ImagePlacement
    /// The owner of folders that no source describes.
    let owner: FileAccount
    let modified: Int64
    /// The mode of folders that no source describes.
    var folderMode: UInt32 = 0o755
    private var folders: Set<[UInt8]> = [[]]
    /// The hashes of the paths of files; a million of them take little memory.
    private var files: Set<Int> = []

    init(_ placement: ImagePlacement, owner: FileAccount, modified: Int64) {
        self.placement = placement
        self.owner = owner
        self.modified = modified
    }

    /// Ensures that a folder has an entry: the one from the layers below, or a new one.
    mutating func open<Sink: EntrySink & ~Copyable>(_ folder: [UInt8], in sink: inout Sink) throws {
        guard !folders.contains(folder) else { return }
        try open(ContainerPath.parent(of: folder), in: &sink)
        try require(!files.contains(folder.hashValue), folder, "another source puts a file there")
        folders.insert(folder)
        if let known = placement.file(at: folder) {
            if known.kind == .directory, known.layer != nil { return try sink.add(known.entry) }
        }
        try sink.add(
            ArchiveEntry(
                .directory, path: folder, mode: folderMode, user: owner.user, group: owner.group, modified: modified))
    }

    /// Adds a folder with its own attributes, unless it has an entry already.
    mutating func add<Sink: EntrySink & ~Copyable>(folder entry: ArchiveEntry, to sink: inout Sink) throws {
        guard !folders.contains(entry.path) else { return }
        try open(ContainerPath.parent(of: entry.path), in: &sink)
        try require(!files.contains(entry.path.hashValue), entry.path, "another source puts a file there")
        folders.insert(entry.path)
        try sink.add(entry)
    }

    /// Returns whether a file or link was added at a path.
    func holds(_ path: [UInt8]) -> Bool { files.contains(path.hashValue) }

    /// Reserves a path for a file or link; returns false if an earlier entry has the path already.
    ///
    /// The first entry for a path stays.
    mutating func claim<Sink: EntrySink & ~Copyable>(
        _ path: [UInt8], replacingFolders: Bool = false, in sink: inout Sink
    ) throws -> Bool {
        try require(
            replacingFolders || placement.file(at: path)?.kind != .directory, path, "the image has a folder there")
        try require(!folders.contains(path), path, "another source puts a folder there")
        guard ContainerPath.isAllowed(path) else {
            throw Failure(
                "put \(ContainerPath.text(path)) into a layer", "names that begin with '.wh.' mean removals in a layer")
        }
        try open(ContainerPath.parent(of: path), in: &sink)
        return files.insert(path.hashValue).inserted
    }

    private func require(_ isFine: Bool, _ path: [UInt8], _ reason: String) throws {
        if !isFine { throw Failure("write \(ContainerPath.text(path))", reason) }
    }
}

extension ContainerPath {
    /// Returns false for a name that unpackers treat as a whiteout.
    static func isAllowed(_ path: [UInt8]) -> Bool {
        !lastName(of: path).starts(with: ".wh.".utf8)
    }
}
