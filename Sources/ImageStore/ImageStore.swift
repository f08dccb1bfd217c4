public import OCI
import POSIX
public import SystemPackage

/// The images on this machine: an OCI layout, with the names of the places that hold what it does not.
///
/// Every blob is written under a temporary name, verified and renamed, so that a store is valid whenever its writer dies.
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.
public struct ImageStore: Sendable {
    /// Where it is.
    public let folder: FilePath
    let layout: Layout

    /// Opens a store, and makes it where there is none.
    public init(at folder: FilePath) throws(ImageStoreError) {
        self.folder = folder
        layout = Layout(folder: folder)
        try layout.make()
        removeAbandonedBlobs()
    }

    /// Where a blob is, or would be.
    public func path(of digest: Digest) -> FilePath { layout.path(of: digest) }

    /// True where the blob is here with its whole length; every blob was verified before it got its name.
    public func contains(_ descriptor: Descriptor) -> Bool { layout.contains(descriptor) }

    /// Gives an image a name, which it takes from another image that had it.
    public func tag(_ descriptor: Descriptor, as name: String) throws(ImageStoreError) {
        try layout.tag(descriptor, as: name, tag: Layout.tag(of: name))
    }

    /// The image that has a name.
    public func find(_ name: String) throws(ImageStoreError) -> Descriptor? {
        try layout.tags().last { $0.name == name }?.descriptor
    }

    /// Every name with its image, in the order in which they were given.
    public func tags() throws(ImageStoreError) -> [(name: String, descriptor: Descriptor)] { try layout.tags() }
}
