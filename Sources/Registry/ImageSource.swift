public import OCI
public import SystemPackage

/// Where a blob of an image lies.
public enum BlobSource: Sendable {
    /// In a file on this machine.
    case file(FilePath)
    /// In a repository of some registry, from where it is mounted or copied.
    case repository(Reference)
}

/// An image on this machine, to be pushed.
public protocol ImageSource: Sendable {
    /// The bytes of a manifest or an index.
    func manifest(_ descriptor: Descriptor) async throws -> [UInt8]
    /// Where a config or a layer lies.
    func location(of blob: Descriptor) async throws -> BlobSource
    /// A folder for blobs on their way from one registry to another.
    var temporaryFolder: FilePath { get }
}

/// A place on this machine for an image that is pulled.
public protocol ImageDestination: Sendable {
    /// True where the blob need not be fetched.
    func contains(_ blob: Descriptor) async throws -> Bool
    /// A folder for blobs that are not whole yet, on the same file system as their last place.
    var temporaryFolder: FilePath { get }
    /// Takes over a verified blob by moving its file.
    func adopt(_ file: FilePath, as blob: Descriptor) async throws
    /// Takes a verified manifest or index, whose blobs and children are all there.
    func add(manifest: [UInt8], as descriptor: Descriptor) async throws
}
