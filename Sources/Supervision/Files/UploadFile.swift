import POSIX
import RunContract
import SystemPackage

/// A file that belongs into the bucket, as it was when it was found.
struct UploadFile: Sendable, Hashable {
    /// Its path below the folder that it goes into.
    let name: RelativePath
    /// Where it is.
    let path: FilePath
    let snapshot: FileSnapshot
    let attributes: FileAttributes

    init(name: RelativePath, path: FilePath, status: FileStatus) {
        self.name = name
        self.path = path
        snapshot = FileSnapshot(status)
        attributes = FileAttributes(status)
    }
}

extension FileAttributes {
    init(_ status: FileStatus) { self.init(mode: status.mode, modified: status.modified) }
}
