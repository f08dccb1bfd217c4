import Archive
import OCI
import Wording

/// Applies layers on top of one another.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/layer.md#applying-changesets>.
struct LayerStack {
    /// Linux's limit of a path in bytes; a longer path cannot be opened.
    private static let longestPath = 4096
    private static let whiteout = Array(".wh.".utf8)
    private static let foreignWhiteout = Array(".wh..wh.".utf8)
    private static let opaque = Array(".wh..wh..opq".utf8)

    private(set) var tree: ImageTree
    /// The folder of the last entry, since most entries are in the same folder as the entry before.
    private var recent: (path: [UInt8], folder: UInt32)?

    init(expecting count: Int) { tree = ImageTree(expecting: count) }

    /// Applies a layer.
    ///
    /// Its whiteouts are applied first, wherever in the tar they are: they only affect the layers below.
    mutating func apply(_ listing: LayerListing, layer: UInt16) throws {
        var path: [UInt8] = []
        var records = listing.records
        while try records.next(after: &path) != nil { try removeWhiteout(path) }
        path = []
        records = listing.records
        var ordinal: UInt32 = 0
        while let entry = try records.next(after: &path) {
            try add(entry, at: path, ordinal: ordinal, layer: layer, records.bytes)
            ordinal += 1
        }
    }

    private mutating func removeWhiteout(_ path: [UInt8]) throws {
        guard let place = try split(path), place.name.starts(with: Self.whiteout) else { return }
        let isOpaque = place.name.elementsEqual(Self.opaque)
        // Other names with this prefix belong to a union file system; images do not need them.
        if !isOpaque && place.name.starts(with: Self.foreignWhiteout) { return }
        let name = place.name.dropFirst(Self.whiteout.count)
        guard !name.isEmpty, name != [UInt8(ascii: ".")], name != Array("..".utf8)[...] else {
            throw Self.failure(path, "a whiteout must name what it removes")
        }
        var walk = ImageTree.Walk(place.folder)
        guard case .complete = tree.advance(&walk), tree.nodes[Int(walk.place)].kind == .directory else { return }
        recent = nil
        isOpaque ? tree.empty(walk.place) : tree.remove(name, from: walk.place)
    }

    private mutating func add(
        _ entry: ListedEntry, at path: [UInt8], ordinal: UInt32, layer: UInt16, _ listing: [UInt8]
    ) throws {
        let extra = listing[entry.extra]
        guard let place = try split(path) else {
            guard entry.kind == .directory else { return }
            return tree.update(ImageTree.root, extra: extra) { $0.set(entry, ordinal, layer) }
        }
        if place.name.starts(with: Self.whiteout) { return }
        let folder = try folder(place.folder, path)
        let existing = tree.child(place.name, of: folder)
        if let existing, entry.kind == .directory, tree.nodes[Int(existing)].kind == .directory {
            return tree.update(existing, extra: extra) { $0.set(entry, ordinal, layer) }
        }
        if let existing, tree.nodes[Int(existing)].kind != .regular { recent = nil }
        var node = ImageTree.Node(parent: folder, nameStart: 0, nameLength: 0)
        node.set(entry, ordinal, layer)
        if entry.kind == .hardLink {
            try link(node, place.name, to: extra, at: path, replacing: existing)
        } else if tree.add(node, place.name, extra: extra) == nil {
            throw Self.failure(path, "the image has more files than can be counted")
        }
    }

    /// Adds a hard link: a node with the same attributes as its target, in another place.
    private mutating func link(
        _ node: ImageTree.Node, _ name: ArraySlice<UInt8>, to extra: ArraySlice<UInt8>, at path: [UInt8],
        replacing existing: UInt32?
    ) throws {
        var reader = RecordReader(Array(extra))
        let target = try reader.text()
        var found: UInt32?
        if let place = try split(target) {
            var walk = ImageTree.Walk(place.folder)
            if case .complete = tree.advance(&walk) { found = tree.child(place.name, of: walk.place) }
        }
        guard let found, tree.nodes[Int(found)].kind != .directory else {
            throw Self.failure(path, "it is a link to a file that is not there")
        }
        if found == existing { return }
        var copy = tree.nodes[Int(found)]
        copy.parent = node.parent
        if tree.add(copy, name) == nil { throw Self.failure(path, "the image has more files than can be counted") }
    }

    /// Returns the folder of an entry, and creates missing folders on the way.
    private mutating func folder(_ folder: ArraySlice<UInt8>, _ path: [UInt8]) throws -> UInt32 {
        if let recent, recent.path.elementsEqual(folder) { return recent.folder }
        var walk = ImageTree.Walk(folder)
        while true {
            switch tree.advance(&walk) {
            case .missing(let name):
                let made = tree.add(ImageTree.Node(parent: walk.place, nameStart: 0, nameLength: 0), name)
                guard let made else { throw Self.failure(path, "the image has more files than can be counted") }
                walk.place = made
            case .tooManyLinks: throw Self.failure(path, "its path leads through too many links")
            case .blocked: throw Self.failure(path, "something above it is no folder")
            case .complete:
                guard tree.nodes[Int(walk.place)].kind == .directory else {
                    throw Self.failure(path, "something above it is no folder")
                }
                recent = (Array(folder), walk.place)
                return walk.place
            }
        }
    }

    /// Splits an entry's path into folder and name.
    ///
    /// A leading slash is ignored, as in other unpackers; `..` is refused.
    private func split(_ path: [UInt8]) throws -> (folder: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        guard path.count < Self.longestPath, !path.contains(0) else {
            throw Self.failure(path, "no file can have this path")
        }
        guard !Self.leadsUp(path) else { throw Self.failure(path, "the path has '..' in it") }
        return ImageTree.split(path[...])
    }

    private static func leadsUp(_ path: [UInt8]) -> Bool {
        var length = 0
        var dots = 0
        for byte in path {
            if byte == UInt8(ascii: "/") {
                if length == 2 && dots == 2 { return true }
                (length, dots) = (0, 0)
            } else {
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        return length == 2 && dots == 2
    }

    private static func failure(_ path: [UInt8], _ reason: String) -> Failure {
        Failure("read '\(String(decoding: path.prefix(80), as: UTF8.self))' of a layer", reason)
    }
}

extension ImageTree.Node {
    /// Copies a header's attributes; owners beyond 32 bits become 4294967295, which is no valid user on Linux.
    fileprivate mutating func set(_ entry: ListedEntry, _ ordinal: UInt32, _ layer: UInt16) {
        kind = entry.kind
        mode = UInt16(entry.mode & 0o7777)
        user = UInt32(exactly: entry.user) ?? .max
        group = UInt32(exactly: entry.group) ?? .max
        size = [.regular, .characterDevice, .blockDevice].contains(entry.kind) ? entry.size : 0
        modified = entry.modified
        self.ordinal = ordinal
        self.layer = layer
    }
}
