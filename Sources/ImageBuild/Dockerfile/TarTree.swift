import Archive
import ImageStore

/// What lies where while a tar is unpacked entry by entry: its own links lead on, and what comes later takes the place of what
/// was there, a file that of a whole folder too.
///
/// As in docker the folder that is unpacked into is the root of all links. Places are kept by their hashes: a million of them
/// take little memory, and no archive can choose two alike.
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
        /// The number of the entry that came here last.
        var last: Int
        /// The number of the entry that took the place of all that was here; what lies below and is older is gone.
        var since: Int
        var isFolder: Bool
    }

    private let folder: [UInt8]
    private let image: ImagePlacement
    private var nodes: [Place: Node] = [:]
    /// Where links lead.
    private var links: [Place: [UInt8]] = [:]
    private var count = 0
    /// The places of entries, and of hard links' targets, that links moved elsewhere.
    private var moved: [Int: [UInt8]] = [:]
    private var movedTargets: [Int: [UInt8]] = [:]
    /// Folders that something was put into before the archive described them.
    private var implied: Set<Place> = []
    /// What the archive says last of folders that it describes late, or twice.
    private var lateHeaders: [Place: ArchiveEntry] = [:]
    /// The entry that the first name of a file came with, by those of its other names.
    private var leaders: [Int: Int] = [:]
    /// What the last of a file's names says of it: they are one file.
    private var lastHeaders: [Int: ArchiveEntry] = [:]

    /// Nothing yet in a folder of an image, whose path has no links on the way.
    init(in folder: [UInt8], of image: ImagePlacement) {
        self.folder = folder
        self.image = image
    }

    /// Unpacks the next entry; `path` and `target`, where a hard link leads, are relative to the folder.
    mutating func put(_ entry: ArchiveEntry, at path: [UInt8], target: [UInt8]) throws(ImageBuildError) {
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

    /// What the archive says of a folder that something may be put into before; nil where its first entry says all.
    func lateHeader(of place: [UInt8]) -> ArchiveEntry? { lateHeaders[Place(place)] }

    /// An entry with the attributes that its file or folder has in the end.
    func described(_ entry: ArchiveEntry, _ index: Int, at place: [UInt8]) -> ArchiveEntry {
        if entry.kind == .directory { return lateHeaders[Place(place)] ?? entry }
        guard let header = lastHeaders[leaders[index] ?? index] else { return entry }
        var entry = entry
        (entry.mode, entry.user, entry.group) = (header.mode, header.user, header.group)
        entry.modified = header.modified
        return entry
    }

    /// Where an entry ends up, relative to the folder.
    func place(of index: Int, _ path: [UInt8]) -> [UInt8] { moved[index] ?? path }

    /// Where the file is that an entry is another name of.
    func target(of index: Int, _ target: [UInt8]) -> [UInt8] { movedTargets[index] ?? target }

    /// True where an entry is what is there in the end.
    func stays(_ index: Int, at place: [UInt8]) -> Bool {
        guard let node = current(place) else { return false }
        // Of a folder's entries the first one makes it.
        return node.isFolder ? node.since <= index : node.last == index
    }

    /// The path in the image.
    func below(_ place: [UInt8]) -> [UInt8] {
        place.isEmpty ? folder : ContainerPath.appending(place, to: folder)
    }

    /// What is there, nil where no entry that counts put anything there.
    private func current(_ place: [UInt8]) -> Node? {
        guard let node = nodes[Place(place)] else { return nil }
        var above = place
        while true {
            above = ContainerPath.parent(of: above)
            if above.isEmpty { return node }
            if let folder = nodes[Place(above)], folder.since > node.last || !folder.isFolder { return nil }
        }
    }

    /// The place that a path means now: links on its way are followed, its last name is not.
    private func resolved(_ path: [UInt8]) throws(ImageBuildError) -> [UInt8] {
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

    private static func failure(_ path: [UInt8], _ reason: String) -> ImageBuildError {
        ImageBuildError("unpack '\(String(decoding: path.prefix(200), as: UTF8.self))'", reason)
    }
}
