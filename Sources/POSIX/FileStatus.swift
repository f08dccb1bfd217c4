package import CLinux
package import SystemPackage

/// What stat(2) tells of a file. <https://man7.org/linux/man-pages/man3/stat.3type.html>
package struct FileStatus: Sendable, Hashable {
    /// What kind of file it is.
    package enum Kind: Sendable, Hashable {
        case regular, directory, symbolicLink, fifo, socket, characterDevice, blockDevice, unknown
    }

    /// What kind of file it is.
    package let kind: Kind
    /// Permission bits with setuid, setgid and sticky.
    package let mode: UInt32
    /// The length in bytes.
    package let size: Int64
    /// The owner's number.
    package let user: UInt32
    /// The group's number.
    package let group: UInt32
    /// The number of names that the file has.
    package let links: Int
    /// The file's number on its device.
    package let inode: UInt64
    /// The device that it is on.
    package let device: UInt64
    /// The number of the device that it is.
    package let specialDevice: UInt64
    /// Nanoseconds since 1970 when the content changed last.
    package let modified: Int64
    /// The whole seconds of `modified`, rounded down also before 1970.
    package var modifiedSeconds: Int64 {
        let (seconds, rest) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }
    /// Nanoseconds since 1970 when the content or anything else about the file changed last.
    package let changed: Int64

    /// Nanoseconds since 1970 when the content was read last, as far as the file system notes it.
    package let accessed: Int64

    package init(_ raw: stat) {
        kind =
            switch Int32(raw.st_mode) & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            default: .unknown
            }
        mode = raw.st_mode & 0o7777
        size = Int64(raw.st_size)
        user = raw.st_uid
        group = raw.st_gid
        links = Int(raw.st_nlink)
        inode = UInt64(raw.st_ino)
        device = UInt64(raw.st_dev)
        specialDevice = UInt64(raw.st_rdev)
        accessed = Int64(raw.st_atim.tv_sec) * 1_000_000_000 + Int64(raw.st_atim.tv_nsec)
        modified = Int64(raw.st_mtim.tv_sec) * 1_000_000_000 + Int64(raw.st_mtim.tv_nsec)
        changed = Int64(raw.st_ctim.tv_sec) * 1_000_000_000 + Int64(raw.st_ctim.tv_nsec)
    }

    /// Examines a path; a symbolic link at its end is followed only if said.
    package init(_ path: FilePath, followingLinks: Bool = false) throws(POSIXError) {
        var raw = stat()
        let result = path.withPlatformString { followingLinks ? stat($0, &raw) : lstat($0, &raw) }
        guard result == 0 else { throw POSIXError.last("examine", path) }
        self.init(raw)
    }

    /// The numbers of the driver and of its device, of the device that the file is.
    package var specialDeviceNumbers: (major: UInt32, minor: UInt32) {
        (gnu_dev_major(dev_t(specialDevice)), gnu_dev_minor(dev_t(specialDevice)))
    }

    /// True where both describe one file whose content did not change in between.
    package func isUnchanged(since earlier: FileStatus) -> Bool {
        device == earlier.device && inode == earlier.inode && size == earlier.size && modified == earlier.modified
            && changed == earlier.changed
    }
}
