import OCI
import POSIX
public import SystemPackage

/// An OCI layout that an image is written to: `oci:DIR[:TAG]`.
public struct LayoutTarget: Sendable, Hashable, CustomStringConvertible {
    /// The folder.
    public let folder: FilePath
    /// What the image is called in it.
    public let tag: String?

    /// Parses `oci:DIR` or `oci:DIR:TAG`; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix("oci:") else { return nil }
        let rest = text.dropFirst("oci:".count)
        let colon = rest.lastIndex(of: ":")
        let folder = colon.map { rest[..<$0] } ?? rest
        let tag = colon.map { String(rest[rest.index(after: $0)...]) }
        guard !folder.isEmpty, tag?.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}/#) != nil || tag == nil else {
            return nil
        }
        self.folder = FilePath(String(folder))
        self.tag = tag
    }

    /// The form that ``init(_:)`` reads.
    public var description: String { "oci:\(folder)" + (tag.map { ":\($0)" } ?? "") }
}

extension ImageStore {
    /// Puts an image into an OCI layout, which may have others; all its layers must be here.
    ///
    /// Blobs become second names of the store's, else share its blocks, else are copied and verified.
    public func export(_ image: StoredImage, to target: LayoutTarget, name: String) throws(ImageStoreError) {
        if let missing = missingLayers(of: image).first {
            throw ImageStoreError("write \(target)", "layer \(missing.digest) is not in the store")
        }
        let layout = Layout(folder: target.folder)
        try layout.make()
        for blob in image.manifest.layers + [image.manifest.config, image.descriptor] {
            if !layout.contains(blob) { try copy(blob, to: layout) }
        }
        let tag = target.tag ?? Layout.tag(of: name)
        try layout.tag(image.descriptor, as: target.tag ?? name, tag: tag)
    }

    private func copy(_ blob: Descriptor, to layout: Layout) throws(ImageStoreError) {
        let from = path(of: blob.digest)
        let to = layout.path(of: blob.digest)
        // Not beside the blobs: other tools take every name there for a digest, also one that a kill left.
        let temporary = FileSystem.temporaryPath(beside: layout.folder.appending("blob"))
        do throws(ImageStoreError) {
            let isLinked = try posix { () throws(POSIXError) in try FileSystem.link(from, as: temporary) }
            if !isLinked { try copy(blob, from, to: temporary) }
            try posix { () throws(POSIXError) in try FileSystem.rename(temporary, to: to) }
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
    }

    private func copy(_ blob: Descriptor, _ from: FilePath, to: FilePath) throws(ImageStoreError) {
        let source = try posix { () throws(POSIXError) in try File(from, .read) }
        let copy = try posix { () throws(POSIXError) in try File(to, .create(mode: 0o644)) }
        if copy.reflink(from: source) { return }
        try BlobCopy.copy(source, to: copy, expecting: blob)
    }
}
