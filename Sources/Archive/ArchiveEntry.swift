/// One name in an archive.
///
/// Paths are bytes: a file's name on Linux need not be UTF-8, and has to survive as it is.
package struct ArchiveEntry: Sendable, Hashable {
    /// What an entry is.
    package enum Kind: Sendable, Hashable {
        case regular, directory, symbolicLink, hardLink, characterDevice, blockDevice, fifo
    }

    /// Which device a device node stands for.
    package struct Device: Sendable, Hashable {
        /// The number of its driver.
        package var major: UInt32
        /// Which of the driver's devices.
        package var minor: UInt32

        /// A device by its two numbers.
        package init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }
    }

    /// Relative, without a slash at either end.
    package var path: [UInt8]
    /// What it is.
    package var kind: Kind
    /// Where a symbolic link points, or the path of the entry that a hard link shares its content with.
    package var target: [UInt8]
    /// Permission bits with setuid, setgid and sticky.
    package var mode: UInt32
    /// The owner's number.
    package var user: Int64
    /// The group's number.
    package var group: Int64
    /// The length of a regular file's content.
    package var size: Int64
    /// Seconds since 1970; layers carry no fraction.
    package var modified: Int64
    /// Values by name, such as `security.capability`; ACLs are `system.posix_acl_access` and `system.posix_acl_default`.
    package var extendedAttributes: [String: [UInt8]]
    /// What a device node stands for.
    package var device: Device?

    /// An entry of the owner 0:0.
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

    /// The path as people read it.
    package var name: String { String(decoding: path, as: UTF8.self) }
}
