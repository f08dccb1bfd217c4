package import Archive
import OCI

/// One name in an image.
///
/// The value is small; each property is read from the tree when it is used.
package struct ImageFile: Sendable, Hashable {
    /// The identity of the file behind a name; hard links to one file share it.
    package struct Identity: Sendable, Hashable {
        let layer: UInt16
        let ordinal: UInt32
    }

    let contents: ImageContents
    let node: UInt32

    /// Returns whether both are the same name in the same ``ImageContents``.
    package static func == (left: ImageFile, right: ImageFile) -> Bool {
        left.node == right.node && left.contents === right.contents
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(node) }

    private var raw: ImageTree.Node { contents.tree.nodes[Int(node)] }

    /// The last component of the path; empty for the root.
    package var name: ArraySlice<UInt8> { contents.tree.name(of: node) }

    /// The path from the root, without a slash at either end; empty for the root.
    package var path: [UInt8] {
        var names: [ArraySlice<UInt8>] = []
        var place = node
        while place != ImageTree.root {
            names.append(contents.tree.name(of: place))
            place = contents.tree.nodes[Int(place)].parent
        }
        return Array(names.reversed().joined(separator: [UInt8(ascii: "/")]))
    }

    /// The kind of file; never a hard link, since all names of a file are equal.
    package var kind: ArchiveEntry.Kind { raw.kind }
    /// The permission bits with setuid, setgid and sticky.
    package var mode: UInt32 { UInt32(raw.mode) }
    /// The owner's user ID.
    package var user: UInt32 { raw.user }
    /// The group ID.
    package var group: UInt32 { raw.group }
    /// The length of a regular file's content in bytes; 0 for all other kinds.
    package var size: Int64 { raw.kind == .regular ? raw.size : 0 }
    /// The device numbers of a device node, nil for all other kinds.
    package var device: ArchiveEntry.Device? {
        guard [.characterDevice, .blockDevice].contains(raw.kind) else { return nil }
        return ArchiveEntry.Device(
            major: UInt32(truncatingIfNeeded: raw.size >> 32), minor: UInt32(truncatingIfNeeded: raw.size))
    }
    /// The modification time in seconds since 1970.
    package var modified: Int64 { raw.modified }
    /// The target of a symbolic link.
    package var target: [UInt8] { Array(contents.tree.target(of: node)) }

    /// The index of the layer that has the file, from 0; nil for a folder without an entry in any layer.
    package var layer: Int? { raw.layer == ImageTree.Node.implied ? nil : Int(raw.layer) }

    /// The identity of the file; nil for a folder without an entry in any layer.
    package var identity: Identity? { layer == nil ? nil : Identity(layer: raw.layer, ordinal: raw.ordinal) }

    /// The entry of a layer from which a file came.
    ///
    /// Entries are equal in two images that share the layer and show this entry of it.
    package struct LayerEntry: Sendable, Hashable {
        let layer: Digest
        let ordinal: UInt32
    }

    /// The entry from which the file came; nil for a folder without an entry in any layer.
    package var layerEntry: LayerEntry? {
        layer.map { LayerEntry(layer: contents.layers[$0].digest, ordinal: raw.ordinal) }
    }

    /// The extended attributes by name, such as `security.capability`.
    package var extendedAttributes: [String: [UInt8]] {
        let range = contents.tree.extra(of: node)
        var reader = RecordReader(contents.tree.arena, from: range.lowerBound, to: range.upperBound)
        var values: [String: [UInt8]] = [:]
        guard !reader.isAtEnd, (try? reader.range()) != nil else { return [:] }
        while !reader.isAtEnd {
            guard let name = try? reader.text(), let value = try? reader.text() else { break }
            values[String(decoding: name, as: UTF8.self)] = value
        }
        return values
    }

    /// The files in a folder in the byte order of their names; empty for all other kinds.
    package var children: [ImageFile] {
        contents.children(of: node).map { ImageFile(contents: contents, node: $0) }
    }

    /// Returns the file with a name in this folder.
    package func child(_ name: some Sequence<UInt8>) -> ImageFile? {
        contents.tree.child(Array(name)[...], of: node).map { ImageFile(contents: contents, node: $0) }
    }

    /// Calls `body` with every file below a folder: each folder before its content, in the byte order of names.
    package func forEachDescendant(_ body: (ImageFile) throws -> Void) rethrows {
        var stack = Array(contents.children(of: node).reversed())
        while let number = stack.popLast() {
            try body(ImageFile(contents: contents, node: number))
            stack.append(contentsOf: contents.children(of: number).reversed())
        }
    }

    /// A tar header for the file at its path, with the attributes of its layer's entry.
    package var entry: ArchiveEntry {
        ArchiveEntry(
            kind, path: path, target: target, mode: mode, user: Int64(user), group: Int64(group), size: size,
            modified: modified, extendedAttributes: extendedAttributes, device: device)
    }
}
