/// What runc is told of a container. <https://github.com/opencontainers/runtime-spec/blob/main/config.md>
package struct RuntimeDocument: Sendable {
    /// How much of the machine's users a container sees.
    package enum Users: Sendable, Hashable {
        /// All that there are where runc runs.
        case all
        /// All that a user namespace has in which runc runs already.
        case namespace(isSingle: Bool)
        /// One, who is root inside, in a user namespace that runc makes.
        case one(user: UInt32, group: UInt32)
    }

    /// What a container may take of the machine.
    package struct Resources: Sendable, Hashable {
        /// Bytes of memory.
        package var memoryBytes: Int64
        /// Processors' worth of time.
        package var processors: Double

        /// Both.
        package init(memoryBytes: Int64, processors: Double) {
            self.memoryBytes = memoryBytes
            self.processors = processors
        }
    }

    /// The network that a container sees.
    package enum Network: Sendable, Hashable {
        /// The machine's.
        case machine
        /// That in which runc runs, which nobody else is in.
        case own
        /// A new one with nothing but a loopback interface.
        case none
    }

    /// The program and what it is told.
    package var arguments: [String]
    /// Its variables, as `NAME=value`.
    package var environment: [String]
    /// The folder in which it runs.
    package var folder: String
    /// As whom it runs.
    package var user: ContainerUser
    /// What the machine is called inside.
    package var hostname: String
    /// Whom it can be and see.
    package var users: Users
    /// The folder that becomes `/`, relative to the bundle.
    package var root = "rootfs"
    /// What it may take; nil where nothing limits it, as where there are no control groups.
    package var resources: Resources?
    /// What it reaches.
    package var network = Network.machine
    /// True where setuid programs change nobody.
    package var keepsPrivileges = true
    /// True where devices in its file systems are names and nothing more, but for the common ones.
    ///
    /// Without a control group nothing else keeps root inside from the machine's disks.
    package var hidesDevices = false
    /// Mounts besides `/proc`, `/dev` and `/sys`.
    package var mounts: [RuntimeMount]

    /// A container on the machine's network.
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

/// Something that a container sees at a place.
package struct RuntimeMount: Sendable, Hashable {
    /// Where it is seen.
    package var place: String
    /// The kind of file system, or `none`.
    package var kind: String
    /// What is mounted.
    package var source: String
    /// How.
    package var options: [String]

    /// Anything that runc can mount.
    package init(_ place: String, kind: String, source: String, options: [String]) {
        self.place = place
        self.kind = kind
        self.source = source
        self.options = options
    }

    /// A file or folder of the host.
    package static func bind(_ source: String, at place: String, isReadOnly: Bool = false) -> RuntimeMount {
        RuntimeMount(place, kind: "bind", source: source, options: ["rbind", isReadOnly ? "ro" : "rw"])
    }
}
