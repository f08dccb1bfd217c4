package import SystemPackage

/// Something that a command sees while it runs, and that its layer does not hold.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#run---mount>.
package enum RunMount: Sendable {
    /// A folder that is kept from build to build.
    case cache(CacheMount)
    /// Files of the host or of other layers; what is written to them is thrown away.
    case bind(BindMount)
    /// A file or a variable that nobody may keep.
    case secret(SecretMount)
    /// An empty folder in memory, of at most `size` bytes where there is a limit.
    case tmpfs(target: String, size: Int64?)
}

/// Where a mount's files come from.
package enum MountSource: Sendable {
    /// A folder of the host, with a digest of all that it holds.
    case folder(FilePath, digest: String)
    /// The files of layers in the store, the lowest first.
    case layers([BuiltLayer])
}

/// A folder that is kept from build to build.
package struct CacheMount: Sendable {
    /// What two builds at once do with one cache.
    package enum Sharing: String, Sendable, Hashable {
        /// Both write to it.
        case shared
        /// The second gets another one.
        case `private`
        /// The second waits.
        case locked
    }

    /// Its name, by which later builds find it.
    package var id: String
    /// Where the command sees it.
    package var target: String
    /// What two builds at once do.
    package var sharing: Sharing
    /// True where writes fail.
    package var isReadOnly: Bool
    /// The mode of a cache that is made.
    package var mode: UInt32
    /// The owner of a cache that is made.
    package var owner: (user: UInt32, group: UInt32)
    /// What a cache that is made begins with.
    package var source: MountSource?
    /// The folder of `source` that it begins with.
    package var sourcePath: String
    /// The time that its files have at most when the command starts, in seconds since 1970.
    package var newest = ImageBuilder.defaultEpoch

    /// A cache that is shared and belongs to root, unless said.
    package init(
        id: String, target: String, sharing: Sharing = .shared, isReadOnly: Bool = false, mode: UInt32 = 0o755,
        owner: (user: UInt32, group: UInt32) = (0, 0), source: MountSource? = nil, sourcePath: String = "/"
    ) {
        self.id = id
        self.target = target
        self.sharing = sharing
        self.isReadOnly = isReadOnly
        self.mode = mode
        self.owner = owner
        self.source = source
        self.sourcePath = sourcePath
    }
}

/// Files that a command sees and cannot change.
package struct BindMount: Sendable {
    /// Whose files.
    package var source: MountSource
    /// The file or folder of `source` that is seen.
    package var path: String
    /// Where the command sees it.
    package var target: String
    /// True where the command may write; what it writes is thrown away.
    package var isWritable: Bool

    /// The whole source, read only, unless said.
    package init(source: MountSource, path: String = "/", target: String, isWritable: Bool = false) {
        self.source = source
        self.path = path
        self.target = target
        self.isWritable = isWritable
    }
}

/// A value that a command needs and that neither a layer nor a cache may keep.
package struct SecretMount: Sendable, CustomStringConvertible {
    /// Its name.
    package var id: String
    /// The value; nil where nobody gave one, which a secret that is not required may lack.
    package var content: [UInt8]?
    /// The file in which the command finds it; nil for none.
    package var target: String?
    /// The variable in which the command finds it; nil for none.
    package var variable: String?
    /// True where the command cannot run without it.
    package var isRequired: Bool
    /// The file's mode.
    package var mode: UInt32
    /// The file's owner.
    package var owner: (user: UInt32, group: UInt32)

    /// A secret in a file below `/run/secrets`, where neither a file nor a variable is named.
    package init(
        id: String, content: [UInt8]?, target: String? = nil, variable: String? = nil,
        isRequired: Bool = false, mode: UInt32 = 0o400, owner: (user: UInt32, group: UInt32) = (0, 0)
    ) {
        self.id = id
        self.content = content
        self.target = target ?? (variable == nil ? "/run/secrets/\(id)" : nil)
        self.variable = variable
        self.isRequired = isRequired
        self.mode = mode
        self.owner = owner
    }

    /// Its name alone.
    package var description: String { "secret \(id)" }
}
