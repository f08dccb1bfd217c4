package import OCI
import POSIX
import SystemPackage

extension ImageStore {
    /// What tells of a blob's file whether anybody wrote to it since: its number, its length and when it was written.
    ///
    /// Not when anything else about it changed: every hard link and every note of its use changes that.
    package func mark(of blob: Descriptor) -> String? {
        guard let status = try? FileStatus(path(of: blob.digest)) else { return nil }
        return "\(status.device) \(status.inode) \(status.size) \(status.modified)"
    }

    /// True where the blob's content still has its digest: reads all of it.
    package func isIntact(_ blob: Descriptor) -> Bool {
        let path = path(of: blob.digest)
        return contains(blob) && (try? BlobCopy.verify(path, named: path, expecting: blob)) != nil
    }
}
