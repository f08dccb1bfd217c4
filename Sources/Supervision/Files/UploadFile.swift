import POSIX
import RunContract
import SystemPackage

/// A file to upload, as it was when it was found.
struct UploadFile: Sendable, Hashable {
    /// Relative to the folder to which it is uploaded.
    let name: RelativePath
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
