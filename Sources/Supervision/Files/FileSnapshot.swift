import POSIX

/// The identity of a file's content in a scan; equal snapshots mean the same content.
struct FileSnapshot: Sendable, Hashable {
    let size: Int64
    /// In nanoseconds since 1970.
    let modified: Int64
    let inode: UInt64
    let device: UInt64

    init(size: Int64, modified: Int64, inode: UInt64, device: UInt64 = 0) {
        self.size = size
        self.modified = modified
        self.inode = inode
        self.device = device
    }

    /// Returns true if the content is the same; ignores the device number, which changes when a container is restarted.
    func isSameContent(as other: FileSnapshot) -> Bool {
        size == other.size && modified == other.modified && inode == other.inode
    }

    init(_ status: FileStatus) {
        self.init(size: status.size, modified: status.modified, inode: status.inode, device: status.device)
    }
}
