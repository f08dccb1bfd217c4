import Archive
package import OCI
import POSIX
package import SystemPackage
import Wording

/// The files of an image as a container sees them, with all layers applied.
///
/// Only headers are held in memory, about 100 bytes a file; contents stay in the layers. The initializers block and may
/// decompress whole layers the first time: call them on a thread of their own.
package final class ImageContents: Sendable {
    /// The layers, the lowest first.
    package let layers: [Descriptor]
    let paths: [FilePath]
    let tree: ImageTree
    /// For each node `n`, `starts[n]` is where its children begin in `order`.
    ///
    /// The children of a folder are in the byte order of their names.
    private let starts: [UInt32]
    private let order: [UInt32]

    /// Reads the files of layers, which must all be in a store.
    package convenience init(layers: [Descriptor], in store: ImageStore) throws {
        if let missing = layers.first(where: { !store.contains($0) }) {
            throw Failure("look into layer \(missing.digest)", "it is not in the store")
        }
        try self.init(
            layers: layers.map { ($0, store.path(of: $0.digest)) }, listings: store.folder.appending("listings"))
    }

    /// Reads the files of layers at the given paths; the folder `listings` caches their headers.
    package init(layers: [(descriptor: Descriptor, path: FilePath)], listings: FilePath) throws {
        guard layers.count < Int(ImageTree.Node.implied) else {
            throw Failure("look into an image", "it has \(layers.count) layers")
        }
        var stack = LayerStack(expecting: 4096)
        for (number, layer) in layers.enumerated() {
            let listing = try LayerListing(of: layer.descriptor, at: layer.path, keptIn: listings)
            try stack.apply(listing, layer: UInt16(number))
        }
        self.layers = layers.map(\.descriptor)
        paths = layers.map(\.path)
        tree = stack.tree
        (starts, order) = Self.sort(tree)
    }

    /// Sorts the nodes that can still be reached from the root, by folder and then by name.
    private static func sort(_ tree: ImageTree) -> (starts: [UInt32], order: [UInt32]) {
        var isLive = [Bool](repeating: false, count: tree.nodes.count)
        var starts = [UInt32](repeating: 0, count: tree.nodes.count + 1)
        isLive[0] = true
        // A folder's number is always smaller than those of the files in it.
        for number in 1..<max(1, tree.nodes.count) where isLive[Int(tree.nodes[number].parent)] {
            guard tree.isNamed(UInt32(number)) else { continue }
            isLive[number] = true
            starts[Int(tree.nodes[number].parent) + 1] += 1
        }
        for number in 1..<starts.count { starts[number] += starts[number - 1] }
        var next = starts
        var order = [UInt32](repeating: 0, count: Int(starts[tree.nodes.count]))
        for number in 1..<max(1, tree.nodes.count) where isLive[number] {
            let parent = Int(tree.nodes[number].parent)
            order[Int(next[parent])] = UInt32(number)
            next[parent] += 1
        }
        for folder in 0..<tree.nodes.count where starts[folder + 1] - starts[folder] > 1 {
            order[Int(starts[folder])..<Int(starts[folder + 1])].sort {
                tree.name(of: $0).lexicographicallyPrecedes(tree.name(of: $1))
            }
        }
        return (starts, order)
    }

    func children(of node: UInt32) -> ArraySlice<UInt32> {
        order[Int(starts[Int(node)])..<Int(starts[Int(node) + 1])]
    }

    /// The number of files, not counting the root.
    package var count: Int { order.count }

    package var root: ImageFile { ImageFile(contents: self, node: ImageTree.root) }

    /// Returns the file at a path from the root; follows symbolic links except at the end of the path.
    package func file(at path: some Sequence<UInt8>) -> ImageFile? {
        guard let place = ImageTree.split(Array(path)[...]) else { return root }
        if place.name == Array("..".utf8)[...] { return try? resolve(path) }
        var walk = ImageTree.Walk(place.folder)
        guard case .complete = tree.advance(&walk) else { return nil }
        return tree.child(place.name, of: walk.place).map { ImageFile(contents: self, node: $0) }
    }

    /// Returns the file at a path from the root, following all symbolic links; nil if there is none.
    package func resolve(_ path: some Sequence<UInt8>) throws -> ImageFile? {
        let path = Array(path)
        var walk = ImageTree.Walk(path[...])
        switch tree.advance(&walk) {
        case .complete: return ImageFile(contents: self, node: walk.place)
        case .missing, .blocked: return nil
        case .tooManyLinks:
            throw Failure("find '\(String(decoding: path, as: UTF8.self))' in the image", "its links lead in a circle")
        }
    }
}
