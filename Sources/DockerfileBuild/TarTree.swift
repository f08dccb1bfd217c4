import Archive
import ImageLayers
import ImageStore
import Wording

/// The state of the target folder while a tar is unpacked, entry by entry.
///
/// Symbolic links of the archive redirect the entries after them. A later entry replaces an earlier one, and a file can
/// replace a whole folder.
///
/// As in docker, the target folder is the root of all symbolic links. Paths are stored as hashes: a million of them
/// take little memory, and no archive can choose two paths with the same hash.
struct TarTree {
    private struct Place: Hashable {
        private let value: Int

        init(_ path: [UInt8]) {
            var hasher = Hasher()
            hasher.combine(path)
            value = hasher.finalize()
        }
    }

    private struct Node {
        /// The number of the last entry at this place.
        var last: Int
        /// The number of the entry that replaced everything at this place; older entries below it are gone.
        var since: Int
        var isFolder: Bool
    }

    private let folder: [UInt8]
    private let image: ImagePlacement
    private var nodes: [Place: Node] = [:]
    /// The targets of symbolic links.
    private var links: [Place: [UInt8]] = [:]
    private var count = 0
    /// The places of entries, and of the targets of hard links, that symbolic links redirected.
    private var moved: [Int: [UInt8]] = [:]
    private var movedTargets: [Int: [UInt8]] = [:]
    /// Folders that got content before the archive described them.
    private var implied: Set<Place> = []
    /// The last entry of each folder that the archive describes late or more than once.
    private var lateHeaders: [Place: ArchiveEntry] = [:]
    /// For each further name of a file, by entry number, the entry number of its first name.
    private var leaders: [Int: Int] = [:]
    /// The attributes from the last name of a file, which apply to all its names.
    private var lastHeaders: [Int: ArchiveEntry] = [:]

    /// Starts with an empty archive; `folder` is a path in the image without symbolic links.
    init(in folder: [UInt8], of image: ImagePlacement) {
        self.folder = folder
        self.image = image
    }

    /// Unpacks the next entry; `path`, and the `target` of a hard link, are relative to the target folder.
    mutating func put(_ entry: ArchiveEntry, at path: [UInt8], target: [UInt8]) throws {
        defer { count += 1 }
        guard !path.isEmpty else { return }
        let place = try resolved(path)
        if place != path { moved[count] = place }
        if entry.kind == .hardLink {
            let real = try resolved(target)
            if real != target { movedTargets[count] = real }
            if let file = current(real) {
                let leader = leaders[file.last] ?? file.last
                leaders[count] = leader
                lastHeaders[leader] = entry
            }
        }
        let key = Place(place)
        if entry.kind == .directory, nodes[key] != nil || implied.contains(key) { lateHeaders[key] = entry }
        imply(above: place)
        let isFolder = entry.kind == .directory
        if isFolder, let node = current(place), node.isFolder {
            nodes[key]?.last = count
            return
        }
        let isNew = nodes[key] == nil && image.file(at: below(place)).map { $0.kind == .directory } != false
        nodes[key] = Node(last: count, since: isFolder && isNew ? -1 : count, isFolder: isFolder)
        links[key] = entry.kind == .symbolicLink ? entry.target : nil
    }

    private mutating func imply(above place: [UInt8]) {
        var above = ContainerPath.parent(of: place)
        while !above.isEmpty {
            let key = Place(above)
            if nodes[key] == nil && !implied.insert(key).inserted { return }
            above = ContainerPath.parent(of: above)
        }
    }

    /// Returns the last entry of a folder that is described late or twice; nil if the first entry is complete.
    func lateHeader(of place: [UInt8]) -> ArchiveEntry? { lateHeaders[Place(place)] }

    /// Returns an entry with the final attributes of its file or folder.
    func described(_ entry: ArchiveEntry, _ index: Int, at place: [UInt8]) -> ArchiveEntry {
        if entry.kind == .directory { return lateHeaders[Place(place)] ?? entry }
        guard let header = lastHeaders[leaders[index] ?? index] else { return entry }
        var entry = entry
        (entry.mode, entry.user, entry.group) = (header.mode, header.user, header.group)
        entry.modified = header.modified
        return entry
    }

    /// Returns the final place of an entry, relative to the target folder.
    func place(of index: Int, _ path: [UInt8]) -> [UInt8] { moved[index] ?? path }

    /// Returns the place of the file that a hard link refers to.
    func target(of index: Int, _ target: [UInt8]) -> [UInt8] { movedTargets[index] ?? target }

    /// Returns whether an entry is still there at the end of the archive.
    func stays(_ index: Int, at place: [UInt8]) -> Bool {
        guard let node = current(place) else { return false }
        // Of several entries for one folder, the first one makes it.
        return node.isFolder ? node.since <= index : node.last == index
    }

    /// Returns the path in the image.
    func below(_ place: [UInt8]) -> [UInt8] {
        place.isEmpty ? folder : ContainerPath.appending(place, to: folder)
    }

    /// Returns the current file at a place; nil if no entry put one there, or a later entry replaced it.
    private func current(_ place: [UInt8]) -> Node? {
        guard let node = nodes[Place(place)] else { return nil }
        var above = place
        while true {
            above = ContainerPath.parent(of: above)
            if above.isEmpty { return node }
            if let folder = nodes[Place(above)], folder.since > node.last || !folder.isFolder { return nil }
        }
    }

    /// Resolves a path in the current state; symbolic links are followed, except in the last name.
    private func resolved(_ path: [UInt8]) throws -> [UInt8] {
        var walk = PathWalk(ContainerPath.parent(of: path))
        while let next = walk.nextPlace() {
            let node = current(next)
            let file = node == nil ? image.file(at: below(next)) : nil
            let link = node == nil ? file.flatMap { $0.kind == .symbolicLink ? $0.target : nil } : links[Place(next)]
            if let link {
                guard walk.follow(link) else { throw Self.failure(path, "links lead in a circle") }
            } else if node?.isFolder == false || file.map({ $0.kind != .directory }) == true {
                throw Self.failure(path, "'\(ContainerPath.text(next))' is no folder by then")
            } else {
                walk.enter()
            }
        }
        return ContainerPath.appending(ContainerPath.lastName(of: path), to: walk.place)
    }

    private static func failure(_ path: [UInt8], _ reason: String) -> Failure {
        Failure("unpack '\(String(decoding: path.prefix(200), as: UTF8.self))'", reason)
    }
}
