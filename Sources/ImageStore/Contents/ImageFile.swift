package import Archive
import OCI

/// One name in an image; it is small, and everything about it is read when asked for.
package struct ImageFile: Sendable, Hashable {
    /// The file behind a name: its names are equal in this where they are hard links to one another.
    package struct Identity: Sendable, Hashable {
        let layer: UInt16
        let ordinal: UInt32
    }

    let contents: ImageContents
    let node: UInt32

    /// Equal where it is one name of one image that was read once.
    package static func == (left: ImageFile, right: ImageFile) -> Bool {
        left.node == right.node && left.contents === right.contents
    }

    /// By the name.
    package func hash(into hasher: inout Hasher) { hasher.combine(node) }

    private var raw: ImageTree.Node { contents.tree.nodes[Int(node)] }

    /// The last part of the path, empty for the root.
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

    /// What it is; never a hard link, since all names of a file are equal.
    package var kind: ArchiveEntry.Kind { raw.kind }
    /// Permission bits with setuid, setgid and sticky.
    package var mode: UInt32 { UInt32(raw.mode) }
    /// The owner's number.
    package var user: UInt32 { raw.user }
    /// The group's number.
    package var group: UInt32 { raw.group }
    /// The length of a regular file's content.
    package var size: Int64 { raw.kind == .regular ? raw.size : 0 }
    /// What a device node stands for.
    package var device: ArchiveEntry.Device? {
        guard [.characterDevice, .blockDevice].contains(raw.kind) else { return nil }
        return ArchiveEntry.Device(
            major: UInt32(truncatingIfNeeded: raw.size >> 32), minor: UInt32(truncatingIfNeeded: raw.size))
    }
    /// Seconds since 1970.
    package var modified: Int64 { raw.modified }
    /// Where a symbolic link points.
    package var target: [UInt8] { Array(contents.tree.target(of: node)) }

    /// Which of the layers has it, from 0 up; nil for a folder that no layer describes.
    package var layer: Int? { raw.layer == ImageTree.Node.implied ? nil : Int(raw.layer) }

    /// The file behind the name, nil for a folder that no layer describes.
    package var identity: Identity? { layer == nil ? nil : Identity(layer: raw.layer, ordinal: raw.ordinal) }

    /// The entry of a layer that a file came from: equal in two images that share the layer and show this entry of it.
    package struct LayerEntry: Sendable, Hashable {
        let layer: Digest
        let ordinal: UInt32
    }

    /// The entry that the file came from, nil for a folder that no layer describes.
    package var layerEntry: LayerEntry? {
        layer.map { LayerEntry(layer: contents.layers[$0].digest, ordinal: raw.ordinal) }
    }

    /// Values by name, such as `security.capability`.
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

    /// The files in a folder, in the byte order of their names; none for everything else.
    package var children: [ImageFile] {
        contents.children(of: node).map { ImageFile(contents: contents, node: $0) }
    }

    /// The file in a folder that has a name.
    package func child(_ name: some Sequence<UInt8>) -> ImageFile? {
        contents.tree.child(Array(name)[...], of: node).map { ImageFile(contents: contents, node: $0) }
    }

    /// Calls `body` with every file below a folder, each folder before what is in it, and in the byte order of names.
    package func forEachDescendant<Failure: Error>(
        _ body: (ImageFile) throws(Failure) -> Void
    ) throws(Failure) {
        var stack = Array(contents.children(of: node).reversed())
        while let number = stack.popLast() {
            try body(ImageFile(contents: contents, node: number))
            stack.append(contentsOf: contents.children(of: number).reversed())
        }
    }

    /// The header that a layer has for it, at this path.
    package var entry: ArchiveEntry {
        ArchiveEntry(
            kind, path: path, target: target, mode: mode, user: Int64(user), group: Int64(group), size: size,
            modified: modified, extendedAttributes: extendedAttributes, device: device)
    }
}
