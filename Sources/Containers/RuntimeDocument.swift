/// The runtime configuration of a container. <https://github.com/opencontainers/runtime-spec/blob/main/config.md>
package struct RuntimeDocument: Sendable {
    /// The users and groups that exist in a container.
    package enum Users: Sendable, Hashable {
        /// All that exist where runc runs.
        case all
        /// All that exist in the user namespace that runc already runs in.
        case namespace(isSingle: Bool)
        /// One user, who is root inside, in a new user namespace that runc makes.
        case one(user: UInt32, group: UInt32)
    }

    /// The limits on a container's memory and processor time.
    package struct Resources: Sendable, Hashable {
        package var memoryBytes: Int64
        /// The processor time, as a number of processors.
        package var processors: Double

        package init(memoryBytes: Int64, processors: Double) {
            self.memoryBytes = memoryBytes
            self.processors = processors
        }
    }

    /// The network of a container.
    package enum Network: Sendable, Hashable {
        /// The network of the machine that runc runs on.
        case machine
        /// The network namespace that runc runs in, which contains no other programs.
        case own
        /// A new network namespace with only a loopback interface.
        case none
    }

    /// The program and its arguments.
    package var arguments: [String]
    /// The environment variables, as `NAME=value`.
    package var environment: [String]
    package var folder: String
    /// The user that the program runs as.
    package var user: ContainerUser
    package var hostname: String
    /// The users that exist in the container.
    package var users: Users
    /// The root folder, relative to the bundle.
    package var root = "rootfs"
    /// The limits; nil for no limits, as where there are no control groups.
    package var resources: Resources?
    /// The network of the container.
    package var network = Network.machine
    /// Whether `noNewPrivileges` is set, so that set-user-ID programs do not change the user.
    package var keepsPrivileges = true
    /// Whether device nodes other than the common ones cannot be opened (`nodev`).
    ///
    /// Without a control group nothing else denies root in the container access to the machine's disks.
    package var hidesDevices = false
    /// Mounts in addition to `/proc`, `/dev` and `/sys`.
    package var mounts: [RuntimeMount]

    /// Creates the configuration of a container on the machine's network.
    package init(
        arguments: [String], environment: [String], folder: String, user: ContainerUser, hostname: String,
        users: Users, mounts: [RuntimeMount]
    ) {
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.user = user
        self.hostname = hostname
        self.users = users
        self.mounts = mounts
    }
}

/// A mount of a container.
package struct RuntimeMount: Sendable, Hashable {
    /// The mount point in the container.
    package var place: String
    /// The file system type, or `none`.
    package var kind: String
    /// The source of the mount.
    package var source: String
    /// Mount options in the syntax of mount(8).
    package var options: [String]

    package init(_ place: String, kind: String, source: String, options: [String]) {
        self.place = place
        self.kind = kind
        self.source = source
        self.options = options
    }

    /// Returns a bind mount of a file or folder of the host.
    package static func bind(_ source: String, at place: String, isReadOnly: Bool = false) -> RuntimeMount {
        RuntimeMount(place, kind: "bind", source: source, options: ["rbind", isReadOnly ? "ro" : "rw"])
    }
}
