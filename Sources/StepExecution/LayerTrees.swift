import Containers
import Hashing
import ImageLayers
import ImageStore
import OCI
import POSIX
import SystemPackage
import Timestamps
import Wording

/// The unpacked top layer of a chain of layers; it is not removed while this value is held.
struct LayerTree: Sendable {
    /// The folder with the layer's changes to those below, in the form of an overlay.
    let path: FilePath
    let lock: HeldLock
}

/// A lock that is released when its last reference is gone.
final class HeldLock: Sendable {
    private let file: File

    init(_ file: consuming File) { self.file = file }
}

/// Unpacked layers, each made once and shared by all images that have it on the same layers below.
///
/// A tree belongs to a chain of layers and not to one layer. The layers below decide where symbolic links lead, which
/// attributes parent folders have, and what hard links refer to. A layer is unpacked over a mount of the layers below,
/// so that the kernel writes whiteouts and opaque folders in its own form.
struct LayerTrees {
    let session: StepScratch
    let store: ImageStore
    let keepingOwners: Bool
    let report: @Sendable (StepMessage) -> Void

    /// Returns the trees of layers, the lowest first.
    func trees(of layers: [BuiltLayer]) throws -> [LayerTree] {
        var trees: [LayerTree] = []
        var chain: Digest?
        for layer in layers {
            let next = layer.chainID(on: chain)
            trees.append(try tree(of: layer, next, on: trees))
            chain = next
        }
        return trees
    }

    private func tree(of layer: BuiltLayer, _ chain: Digest, on below: [LayerTree]) throws -> LayerTree {
        if let known = hold(chain) { return known }
        // If two builds need the tree at once, only one makes it.
        let lock = try session.lock(chain.hexadecimal)
        defer { withExtendedLifetime(lock) {} }
        if let known = hold(chain) { return known }
        report(.step("unpacking layer \(layer.descriptor.digest.short)"))
        let folder = try session.makeFolder("layer-\(chain.short)")
        let tree = try Self.makeTree(in: folder, like: below.last?.path)
        let work = folder.appending("work")
        if below.isEmpty {
            try unpack(layer, over: tree)
        } else {
            try FileSystem.makeFolder(work)
            let merged = try session.makeScratch("layer-\(chain.short)")
            try session.overlay.mount(below.map(\.path), changes: tree, work: work, at: merged)
            defer { try? Mount.remove(merged) }
            try unpack(layer, over: merged)
        }
        try FileSystem.removeTree(work)
        return try keep(folder, as: chain)
    }

    private func unpack(_ layer: BuiltLayer, over folder: FilePath) throws {
        let unpacker = ImageUnpacker(store: store, keepingOwners: keepingOwners)
        try unpacker.unpack(layer.descriptor, diffID: layer.diffID, over: folder)
    }

    /// Makes the folder of a tree, with the attributes of the root folder that it changes.
    static func makeTree(in folder: FilePath, like below: FilePath?) throws -> FilePath {
        let tree = folder.appending("tree")
        try FileSystem.makeFolder(tree)
        let status = try below.map { (path) in try FileStatus(path) }
        try Folder(tree).setAttributes(
            owner: status.map { ($0.user, $0.group) }, mode: status?.mode ?? 0o755,
            modifiedSeconds: status?.modifiedSeconds ?? ImageEpoch.standard)
        return tree
    }

    /// Moves a folder with a finished tree to its place.
    @discardableResult
    func keep(_ folder: FilePath, as chain: Digest) throws -> LayerTree {
        try FileSystem.rename(folder, to: place(of: chain))
        guard let tree = hold(chain) else {
            throw Failure("keep an unpacked layer in \(session.place.trees)", "it was removed at once")
        }
        return tree
    }

    func place(of chain: Digest) -> FilePath { session.place.trees.appending(chain.hexadecimal) }

    /// Locks an existing tree; returns nil if there is none.
    func hold(_ chain: Digest) -> LayerTree? {
        let place = place(of: chain)
        guard let file = try? File(readingNoFollow: place), (try? file.lock(wait: true, shared: true)) == true,
            // Removal takes an exclusive lock and renames the tree first.
            file.hasItsName
        else { return nil }
        try? file.setModified(seconds: Int64(Timestamp.now().seconds))
        return LayerTree(path: place.appending("tree"), lock: HeldLock(file))
    }
}

extension BuiltLayer {
    /// Returns the chain ID. <https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid>
    func chainID(on parent: Digest?) -> Digest {
        guard let parent else { return diffID }
        return Digest(of: Array("\(parent) \(diffID)".utf8))
    }
}
