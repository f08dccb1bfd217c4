package import OCI
import POSIX
package import SystemPackage

/// The images on this machine: an OCI layout, with records of which repositories hold the layers that it lacks.
///
/// Every blob is written under a temporary name, verified and then renamed, so that the store stays valid if a writer
/// is killed.
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.
package struct ImageStore: Sendable {
    /// The store's folder.
    package let folder: FilePath
    let layout: Layout
    let session: StoreSession

    /// Opens a store, and creates it if there is none.
    package init(at folder: FilePath) throws {
        self.folder = folder
        layout = Layout(folder: folder)
        session = StoreSession(in: folder)
        try layout.make()
        removeAbandonedFiles()
    }

    /// Returns the path of a blob, whether it exists or not.
    package func path(of digest: Digest) -> FilePath { layout.path(of: digest) }

    /// Returns whether the blob is in the store with its full size; every blob was verified before it got its name.
    ///
    /// From then on pruning keeps the blob while this process uses the store, also if no tag leads to it.
    package func contains(_ descriptor: Descriptor) -> Bool {
        session.use(descriptor.digest, at: path(of: descriptor.digest)) { layout.contains(descriptor) }
    }

    /// Gives an image a name, which any other image loses.
    package func tag(_ descriptor: Descriptor, as name: String) throws {
        try layout.tag(descriptor, as: name, tag: Layout.tag(of: name), unique: .name)
    }

    /// Returns the image with a name.
    package func find(_ name: String) throws -> Descriptor? {
        guard let descriptor = try layout.tags().last(where: { $0.name == name })?.descriptor else { return nil }
        // Records the use: the name may move to another image while this one is in use.
        _ = contains(descriptor)
        return descriptor
    }

    /// Removes a name; returns false if no image has it.
    ///
    /// The image remains until it is pruned.
    package func untag(_ name: String) throws -> Bool { try layout.untag(name) }

    /// Returns every name with its image, in the order in which the names were given.
    package func tags() throws -> [(name: String, descriptor: Descriptor)] { try layout.tags() }
}
