import POSIX

/// What a scan saw of a file; two that are equal stand for one content.
struct FileSnapshot: Sendable, Hashable {
    let size: Int64
    /// Nanoseconds since 1970.
    let modified: Int64
    let inode: UInt64
    let device: UInt64

    init(size: Int64, modified: Int64, inode: UInt64, device: UInt64 = 0) {
        self.size = size
        self.modified = modified
        self.inode = inode
        self.device = device
    }

    /// Without the device's number, which is another one in a container that was started again.
    func isSameContent(as other: FileSnapshot) -> Bool {
        size == other.size && modified == other.modified && inode == other.inode
    }

    init(_ status: FileStatus) {
        self.init(size: status.size, modified: status.modified, inode: status.inode, device: status.device)
    }
}
