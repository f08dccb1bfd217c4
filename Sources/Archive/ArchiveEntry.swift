/// One name in an archive.
///
/// Paths are bytes: a file's name on Linux need not be UTF-8, and has to survive as it is.
public struct ArchiveEntry: Sendable, Hashable {
    /// What an entry is.
    public enum Kind: Sendable, Hashable {
        case regular, directory, symbolicLink, hardLink, characterDevice, blockDevice, fifo
    }

    /// Which device a device node stands for.
    public struct Device: Sendable, Hashable {
        /// The number of its driver.
        public var major: UInt32
        /// Which of the driver's devices.
        public var minor: UInt32

        /// A device by its two numbers.
        public init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }
    }

    /// Relative, without a slash at either end.
    public var path: [UInt8]
    /// What it is.
    public var kind: Kind
    /// Where a symbolic link points, or the path of the entry that a hard link shares its content with.
    public var target: [UInt8]
    /// Permission bits with setuid, setgid and sticky.
    public var mode: UInt32
    /// The owner's number.
    public var user: Int64
    /// The group's number.
    public var group: Int64
    /// The length of a regular file's content.
    public var size: Int64
    /// Seconds since 1970; layers carry no fraction.
    public var modified: Int64
    /// Values by name, such as `security.capability`; ACLs are `system.posix_acl_access` and `system.posix_acl_default`.
    public var extendedAttributes: [String: [UInt8]]
    /// What a device node stands for.
    public var device: Device?

    /// An entry of the owner 0:0.
    public init(
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
    public var name: String { String(decoding: path, as: UTF8.self) }
}
