import Archive
package import OCI
import POSIX
package import SystemPackage
import Wording

/// Creates the root file system of an image from its layers.
///
/// Layers are untrusted: paths stay below the root, and the numbers of entries and bytes are limited. Each layer is
/// read twice: once to verify it and collect its whiteouts, and once to write it. Devices are skipped, since runtimes
/// create their own. It blocks: call it on a thread of its own.
package struct ImageUnpacker: Sendable {
    /// The limits for one image.
    package struct Limits: Sendable {
        /// The maximum number of entries in all layers together.
        package var entries: Int
        /// The maximum number of bytes in all layers together.
        package var bytes: Int64

        /// Creates limits; no legitimate image reaches the defaults.
        package init(entries: Int = 5_000_000, bytes: Int64 = 1 << 40) {
            self.entries = entries
            self.bytes = bytes
        }
    }

    private let store: ImageStore
    private let isOwnerKept: Bool
    private let limits: Limits

    /// Creates an unpacker.
    ///
    /// Only root can keep owners; otherwise all files belong to the current user.
    package init(store: ImageStore, keepingOwners: Bool, limits: Limits = Limits()) {
        self.store = store
        self.isOwnerKept = keepingOwners
        self.limits = limits
    }

    /// Unpacks an image, all of whose layers are in the store, into an empty folder.
    package func unpack(_ image: StoredImage, into folder: FilePath) throws {
        if let missing = store.missingLayers(of: image).first {
            throw Failure("unpack image \(image.descriptor.digest)", "layer \(missing.digest) is not in the store")
        }
        let root = try RootBuilder(folder, keepingOwners: isOwnerKept)
        var left = limits
        for (layer, diffID) in zip(image.manifest.layers, image.config.diffIDs) {
            for whiteout in try verify(layer, diffID, &left) {
                try root.apply(whiteout)
            }
            try write(layer, into: root)
        }
        try root.finishFolders()
    }

    /// Unpacks one layer over a folder that shows all the layers below it.
    package func unpack(_ layer: Descriptor, diffID: Digest, over folder: FilePath) throws {
        guard store.contains(layer) else { throw Failure("unpack layer \(layer.digest)", "it is not in the store") }
        let root = try RootBuilder(folder, keepingOwners: isOwnerKept)
        var left = limits
        for whiteout in try verify(layer, diffID, &left) {
            try root.apply(whiteout)
        }
        try write(layer, into: root)
        try root.finishFolders()
    }

    /// Checks that a layer of the store matches its digest and the config's diff ID, and that it could be unpacked.
    package func check(_ layer: Descriptor, diffID: Digest) throws {
        var left = limits
        _ = try verify(layer, diffID, &left)
    }

    private func verify(_ layer: Descriptor, _ diffID: Digest, _ left: inout Limits) throws -> [Whiteout] {
        var whiteouts: [Whiteout] = []
        var reader = try LayerReader(at: store.path(of: layer.digest))
        while let entry = try reader.next() {
            left.entries -= 1
            left.bytes -= entry.size
            guard left.entries >= 0, left.bytes >= 0 else {
                throw Failure(
                    "unpack layer \(layer.digest)",
                    "the image has more than \(limits.entries) files or \(limits.bytes) bytes")
            }
            if let whiteout = try EntryPath(entry.path).whiteout(), !whiteout.isForeign { whiteouts.append(whiteout) }
        }
        let digests: LayerReader.Digests
        do { digests = try reader.finish() } catch { throw Failure("unpack layer \(layer.digest)", "\(error)") }
        guard Digest(sha256: digests.digest) == layer.digest else {
            throw Failure("unpack layer \(layer.digest)", "its content is damaged")
        }
        guard Digest(sha256: digests.diffID) == diffID else {
            throw Failure("unpack layer \(layer.digest)", "it is not the layer \(diffID) of the image's config")
        }
        return whiteouts
    }

    private func write(_ layer: Descriptor, into root: RootBuilder) throws {
        var reader = try LayerReader(at: store.path(of: layer.digest))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while let entry = try reader.next() {
            let path = try EntryPath(entry.path)
            guard let name = path.names.last else {
                if entry.kind == .directory { root.setRoot(entry) }
                continue
            }
            if try path.whiteout() != nil { continue }
            let place = try root.walk(path.folder, making: true)
            guard let place else { continue }
            try write(entry, name, place, root, &reader, buffer)
        }
    }

    private func write(
        _ entry: ArchiveEntry, _ name: FilePath.Component, _ place: RootBuilder.Place, _ root: RootBuilder,
        _ reader: inout LayerReader, _ buffer: UnsafeMutableRawBufferPointer
    ) throws {
        switch entry.kind {
        case .directory: try root.makeFolder(name, in: place, entry)
        case .regular:
            try root.remove(name, in: place)
            let file = try place.folder.create(name, mode: 0o600)
            while true {
                let count = try reader.read(into: buffer)
                if count == 0 { break }
                try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try root.finish(file, entry)
        case .symbolicLink:
            try root.remove(name, in: place)
            try place.folder.makeSymbolicLink(name, to: entry.target)
            try root.finish(name, in: place, entry)
        case .hardLink: try link(entry, name, place, root)
        case .fifo:
            try root.remove(name, in: place)
            try place.folder.makeFIFO(name, mode: entry.mode)
            try root.finish(name, in: place, entry)
        case .characterDevice, .blockDevice: break
        }
    }

    private func link(
        _ entry: ArchiveEntry, _ name: FilePath.Component, _ place: RootBuilder.Place, _ root: RootBuilder
    ) throws {
        let target = try EntryPath(entry.target)
        let found = try root.walk(target.folder, making: false)
        guard let found, let existing = target.names.last,
            let kind = try found.folder.status(existing)?.kind,
            kind != .directory
        else { throw Failure("unpack '\(entry.name)'", "it is a link to a file that is not there") }
        if found.path == place.path && existing == name { return }
        try root.remove(name, in: place)
        try place.folder.link(existing, in: found.folder, as: name)
    }
}
