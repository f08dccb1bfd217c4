import Hashing
package import OCI
import POSIX
package import SystemPackage
import Wording

extension ImageStore {
    var temporaryFolder: FilePath { folder.appending("tmp") }

    /// Creates a temporary blob whose digest is not known yet.
    package func makeTemporaryBlob() throws -> TemporaryBlob { try TemporaryBlob(in: self) }

    /// Creates a writer for a blob that must match a descriptor.
    package func makeBlob(_ descriptor: Descriptor) throws -> BlobWriter {
        try BlobWriter(descriptor, in: self)
    }

    /// Adds a blob from memory.
    package func add(_ content: [UInt8], mediaType: MediaType) throws -> Descriptor {
        let descriptor = Descriptor(mediaType: mediaType, digest: Digest(of: content), size: Int64(content.count))
        if contains(descriptor) { return descriptor }
        let blob = try TemporaryBlob(in: self)
        let file = try blob.open()
        try file.write(content)
        try blob.keep(as: descriptor.digest)
        return descriptor
    }

    /// Adds the content of a file, which must match a descriptor.
    package func add(copying path: FilePath, as descriptor: Descriptor) throws {
        if contains(descriptor) { return }
        let source = try File(path, .read)
        let blob = try TemporaryBlob(in: self)
        let file = try blob.open()
        try BlobCopy.copy(source, to: file, expecting: descriptor)
        try blob.keep(as: descriptor.digest)
    }

    /// Returns the content of a small blob after verifying its digest.
    package func read(_ descriptor: Descriptor, limit: Int = 16 << 20) throws -> [UInt8] {
        let path = path(of: descriptor.digest)
        _ = session.use(descriptor.digest, at: path) { FileSystem.exists(path) }
        let content = try FileSystem.read(path, limit: limit)
        guard Digest(of: content) == descriptor.digest else {
            throw Failure("read blob \(descriptor.digest)", "its content in \(folder) is damaged; remove \(path)")
        }
        return content
    }

    /// Removes the unfinished files of writers that were killed.
    func removeAbandonedFiles() {
        AbandonedFiles.remove(in: temporaryFolder)
        for folder in [self.folder, sourcesFolder, StoreSession.folder(in: self.folder)] {
            AbandonedFiles.removeReplacements(in: folder)
        }
    }
}
