private import CLinux
private import Glibc
package import SystemPackage

/// What swift-system's `Stat` says of a file, in whole numbers that are compared and stored.
///
/// Fields: <https://man7.org/linux/man-pages/man3/stat.3type.html>.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case regular, directory, symbolicLink, fifo, socket, characterDevice, blockDevice, unknown
    }

    package let kind: Kind
    /// Permission bits with setuid, setgid and sticky.
    package let mode: UInt32
    /// The size in bytes.
    package let size: Int64
    /// The owner's user ID.
    package let user: UInt32
    /// The group ID.
    package let group: UInt32
    /// The number of hard links.
    package let links: Int
    /// The inode number.
    package let inode: UInt64
    /// The device that contains the file.
    package let device: UInt64
    /// The device that a device node represents.
    package let specialDevice: UInt64
    /// Nanoseconds since 1970 of the last change of the content (mtime).
    package let modified: Int64
    /// The whole seconds of `modified`, rounded down also before 1970.
    package var modifiedSeconds: Int64 {
        let (seconds, rest) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }
    /// Nanoseconds since 1970 of the last change of the content or the inode (ctime).
    package let changed: Int64

    /// Nanoseconds since 1970 of the last read (atime), as far as the file system records it.
    package let accessed: Int64

    init(_ stat: Stat) {
        kind =
            switch stat.type {
            case .regular: .regular
            case .directory: .directory
            case .symbolicLink: .symbolicLink
            case .fifo: .fifo
            case .socket: .socket
            case .characterSpecial: .characterDevice
            case .blockSpecial: .blockDevice
            default: .unknown
            }
        mode = UInt32(stat.permissions.rawValue)
        size = stat.size
        user = stat.userID.rawValue
        group = stat.groupID.rawValue
        links = stat.linkCount
        inode = UInt64(stat.inode.rawValue)
        device = UInt64(stat.deviceID.rawValue)
        specialDevice = UInt64(stat.specialDeviceID.rawValue)
        accessed = Self.nanoseconds(stat.st_atim)
        modified = Self.nanoseconds(stat.st_mtim)
        changed = Self.nanoseconds(stat.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Reads the status of a path; a final symbolic link is followed only with `followingLinks`.
    package init(_ path: FilePath, followingLinks: Bool = false) throws(POSIXError) {
        try self.init(of: path) { () throws(Errno) in try Stat(path, followTargetSymlink: followingLinks) }
    }

    /// Reads a status by `read`; `path` is the file in the error.
    init(of path: FilePath, _ read: () throws(Errno) -> Stat) throws(POSIXError) {
        do throws(Errno) { self.init(try read()) } catch { throw POSIXError("examine", path, error) }
    }

    /// The major and minor numbers of the device that a device node represents.
    package var specialDeviceNumbers: (major: UInt32, minor: UInt32) {
        (gnu_dev_major(dev_t(specialDevice)), gnu_dev_minor(dev_t(specialDevice)))
    }

    /// Returns true where both describe the same file with unchanged content.
    package func isUnchanged(since earlier: FileStatus) -> Bool {
        id == earlier.id && size == earlier.size && modified == earlier.modified && changed == earlier.changed
    }

    /// Returns true where the content is the same, though the file may have got or lost a name meanwhile.
    ///
    /// A name changes the ctime as a write does, so the ctime counts only where the number of names is the same.
    package func hasSameContent(as earlier: FileStatus) -> Bool {
        id == earlier.id && size == earlier.size && modified == earlier.modified
            && (changed == earlier.changed || links != earlier.links)
    }
}

/// What makes two names the same file: its device and its inode number there.
package struct FileID: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

extension FileStatus {
    package var id: FileID { FileID(device: device, inode: inode) }
}
