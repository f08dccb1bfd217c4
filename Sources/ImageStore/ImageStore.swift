package import OCI
import POSIX
package import SystemPackage

/// The images on this machine: an OCI layout, with the names of the places that hold what it does not.
///
/// Every blob is written under a temporary name, verified and renamed, so that a store is valid whenever its writer dies.
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.
package struct ImageStore: Sendable {
    /// Where it is.
    package let folder: FilePath
    let layout: Layout
    let session: StoreSession

    /// Opens a store, and makes it where there is none.
    package init(at folder: FilePath) throws(ImageStoreError) {
        self.folder = folder
        layout = Layout(folder: folder)
        session = StoreSession(in: folder)
        try layout.make()
        removeAbandonedFiles()
    }

    /// Where a blob is, or would be.
    package func path(of digest: Digest) -> FilePath { layout.path(of: digest) }

    /// True where the blob is here with its whole length; every blob was verified before it got its name.
    ///
    /// It stays here then as long as this process uses the store, also if no image's name leads to it.
    package func contains(_ descriptor: Descriptor) -> Bool {
        session.use(descriptor.digest, at: path(of: descriptor.digest)) { layout.contains(descriptor) }
    }

    /// Gives an image a name, which it takes from another image that had it.
    package func tag(_ descriptor: Descriptor, as name: String) throws(ImageStoreError) {
        try layout.tag(descriptor, as: name, tag: Layout.tag(of: name), unique: .name)
    }

    /// The image that has a name.
    package func find(_ name: String) throws(ImageStoreError) -> Descriptor? {
        guard let descriptor = try layout.tags().last(where: { $0.name == name })?.descriptor else { return nil }
        // The name may be given to another image while this one is used.
        _ = contains(descriptor)
        return descriptor
    }

    /// Takes a name from its image, which stays until it is pruned; false where no image has it.
    package func untag(_ name: String) throws(ImageStoreError) -> Bool { try layout.untag(name) }

    /// Every name with its image, in the order in which they were given.
    package func tags() throws(ImageStoreError) -> [(name: String, descriptor: Descriptor)] { try layout.tags() }
}
