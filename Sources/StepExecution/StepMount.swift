package import ImageLayers
package import SystemPackage

/// A mount that exists while a command runs, and that is not part of its layer.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#run---mount>.
package enum StepMount: Sendable {
    /// A folder that is kept between builds.
    case cache(CacheMount)
    /// Files of the host or of layers; changes to them are discarded.
    case bind(BindMount)
    /// A secret as a file or an environment variable, which is not kept.
    case secret(SecretMount)
    /// An empty folder in memory; `size` limits it, in bytes.
    case tmpfs(target: String, size: Int64?)
}

/// The source of a mount's files.
package enum MountSource: Sendable {
    /// A folder of the host, with a digest of its content.
    case folder(FilePath, digest: String)
    /// The files of layers in the store, the lowest first.
    case layers([BuiltLayer])
}

/// A folder that is kept between builds.
package struct CacheMount: Sendable {
    /// The behaviour when two builds use one cache at the same time.
    package enum Sharing: String, Sendable, Hashable {
        /// Both write to it.
        case shared
        /// The second one gets another folder.
        case `private`
        /// The second one waits.
        case locked
    }

    /// The name by which later builds find the cache.
    package var id: String
    /// The mount point in the container.
    package var target: String
    package var sharing: Sharing
    package var isReadOnly: Bool
    /// The mode of a new cache.
    package var mode: UInt32
    /// The owner of a new cache.
    package var owner: (user: UInt32, group: UInt32)
    /// The initial content of a new cache.
    package var source: MountSource?
    /// The folder in `source` with the initial content.
    package var sourcePath: String
    /// The latest time of its files when the command starts, in seconds since 1970; later times are set to it.
    package var newest = ImageEpoch.standard

    /// The name of its folder: as in BuildKit, caches of one id with different owners or modes are different caches.
    var place: String {
        let isPlain = owner.user == 0 && owner.group == 0 && mode == 0o755
        return isPlain ? id : "\(id)\0\(owner.user):\(owner.group) \(mode)"
    }

    /// Creates a cache mount; by default it is shared and belongs to root.
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

/// Files of a folder or of layers that are mounted for a command.
package struct BindMount: Sendable {
    package var source: MountSource
    /// The file or folder in `source` to mount.
    package var path: String
    /// The mount point in the container.
    package var target: String
    /// Whether the command may write; what it writes is discarded.
    package var isWritable: Bool

    /// Creates a bind mount; by default it is the whole source, read-only.
    package init(source: MountSource, path: String = "/", target: String, isWritable: Bool = false) {
        self.source = source
        self.path = path
        self.target = target
        self.isWritable = isWritable
    }
}

/// A secret for a command, which neither a layer nor a cache may contain.
package struct SecretMount: Sendable, CustomStringConvertible {
    package var id: String
    /// The value; nil if the user gave none, which is an error only for a required secret.
    package var content: [UInt8]?
    /// The path of the file with the value; nil for none.
    package var target: String?
    /// The environment variable with the value; nil for none.
    package var variable: String?
    /// Whether the command fails without the value.
    package var isRequired: Bool
    package var mode: UInt32
    package var owner: (user: UInt32, group: UInt32)

    /// Creates a secret; without a file or a variable, its file is below `/run/secrets`.
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

    /// The ID without the value.
    package var description: String { "secret \(id)" }
}
