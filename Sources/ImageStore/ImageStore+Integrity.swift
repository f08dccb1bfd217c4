package import OCI
import POSIX
import SystemPackage

extension ImageStore {
    /// Returns a mark that changes when a blob's file is written to: device, inode, size and modification time.
    ///
    /// The change time is left out, since every hard link and every recorded use changes it.
    package func mark(of blob: Descriptor) -> String? {
        guard let status = try? FileStatus(path(of: blob.digest)) else { return nil }
        return "\(status.device) \(status.inode) \(status.size) \(status.modified)"
    }

    /// Returns whether the blob's content still has its digest; reads the whole file.
    package func isIntact(_ blob: Descriptor) -> Bool {
        let path = path(of: blob.digest)
        return contains(blob) && (try? BlobCopy.verify(path, named: path, expecting: blob)) != nil
    }
}
