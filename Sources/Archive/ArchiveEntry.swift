/// One entry of an archive.
///
/// Paths are bytes: a file name on Linux need not be UTF-8, and must be preserved unchanged.
package struct ArchiveEntry: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case regular, directory, symbolicLink, hardLink, characterDevice, blockDevice, fifo
    }

    /// The numbers of a device node.
    package struct Device: Sendable, Hashable {
        /// The driver's number.
        package var major: UInt32
        /// The device's number within the driver.
        package var minor: UInt32

        package init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }
    }

    /// Relative, without a slash at either end.
    package var path: [UInt8]
    package var kind: Kind
    /// The target of a symbolic link, or the path of the entry whose content a hard link shares.
    package var target: [UInt8]
    /// Permission bits with setuid, setgid and sticky.
    package var mode: UInt32
    /// The numeric user ID of the owner.
    package var user: Int64
    /// The numeric group ID.
    package var group: Int64
    /// The content length of a regular file in bytes.
    package var size: Int64
    /// Seconds since 1970; layers carry no fraction.
    package var modified: Int64
    /// Values by name, such as `security.capability`.
    ///
    /// ACLs are `system.posix_acl_access` and `system.posix_acl_default`.
    package var extendedAttributes: [String: [UInt8]]
    /// The device of a device node.
    package var device: Device?

    /// Creates an entry, owned by 0:0 by default.
    package init(
        _ kind: Kind, path: [UInt8], target: [UInt8] = [], mode: UInt32, user: Int64 = 0, group: Int64 = 0,
        size: Int64 = 0, modified: Int64 = 0, extendedAttributes: [String: [UInt8]] = [:], device: Device? = nil
    ) {
        self.path = path
        self.kind = kind
        self.target = target
        self.mode = mode
        self.user = user
        self.group = group
        self.size = size
        self.modified = modified
        self.extendedAttributes = extendedAttributes
        self.device = device
    }

    /// The path as text, with invalid UTF-8 replaced.
    package var name: String { String(decoding: path, as: UTF8.self) }
}
