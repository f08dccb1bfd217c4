/// What runs inside a container: `entrypoints/<program>.yaml`, checked and baked as `/.caas/program.json`.
///
/// Texts marked *template* hold `${NAME}` until the entrypoint expands them just before a stage.
public struct Program: Sendable, Hashable {
    /// The program's name.
    public var name: String
    /// Template: where stages run; nil is the image's own.
    public var workdir: String?
    /// Template: an absolute folder; outputs, checkpoints and artifacts are relative to it.
    public var data: String
    /// Templates by name.
    public var environment: [String: String]
    /// Names that the deployment must set.
    public var requires: [String]
    /// Secrets that stages may see.
    public var passSecrets: [String]
    /// What must hold before anything is paid for.
    public var preflight: Preflight
    /// Artifacts of other runs that the program starts from.
    public var inputs: [Input]
    /// In the order in which they run.
    public var stages: [Stage]
    /// What is uploaded at the end and named in complete.json.
    public var artifacts: [Artifact]
    /// What is read from the stages' output.
    public var metrics: [MetricRule]
    /// The model server.
    public var serve: Serve?
    /// The environment of the image, as it was built: what differs from it at the start was sent by the deployment.
    public var imageEnvironment: [String: String]
    /// What the image's environment held that must not reach PID 1, such as LD_PRELOAD: for the stages alone.
    public var childEnvironment: [String: String]

    /// What must hold before anything is paid for.
    public struct Preflight: Sendable, Hashable {
        /// Template of the least number of GPUs, nil where none is asked.
        public var gpuCount: String?
        /// Template of the least memory of each in GiB.
        public var gpuMemoryGiB: String?
        /// Free space that must be there.
        public var disks: [Disk]
        /// Templates of commands that must succeed.
        public var commands: [[String]]

        /// Free space that must be there.
        public struct Disk: Sendable, Hashable {
            /// Template of a folder.
            public var path: String
            /// Template of the least free space in GiB.
            public var gib: String

            /// A demand from its parts.
            public init(path: String, gib: String) {
                self.path = path
                self.gib = gib
            }
        }

        /// Demands from their parts.
        public init(
            gpuCount: String? = nil, gpuMemoryGiB: String? = nil, disks: [Disk] = [], commands: [[String]] = []
        ) {
            self.gpuCount = gpuCount
            self.gpuMemoryGiB = gpuMemoryGiB
            self.disks = disks
            self.commands = commands
        }
    }

    /// An artifact of another run in the same bucket, which is there before the first stage.
    public struct Input: Sendable, Hashable {
        /// Template of the other run's id.
        public var run: String
        /// The artifact's `into` in that run's program.
        public var artifact: String
        /// Template of a folder below the data folder, nil for one of the artifact's name.
        public var into: String?

        /// An input from its parts.
        public init(run: String, artifact: String, into: String? = nil) {
            self.run = run
            self.artifact = artifact
            self.into = into
        }
    }

    /// One command of the program.
    public struct Stage: Sendable, Hashable {
        /// Unique in the program; letters, digits, `-` and `_`.
        public var name: String
        /// Templates of the command and its arguments.
        public var run: [String]
        /// Templates of arguments that are added when a checkpoint was restored.
        public var resume: [String]
        /// Templates by name.
        public var environment: [String: String]
        /// Templates of paths with `*`, uploaded when the stage ends.
        public var outputs: [String]
        /// True where a stage that ended well never runs again, also on a machine that has nothing of what it left.
        public var isOnce: Bool
        /// Which files make a checkpoint, nil where the stage writes none.
        public var checkpoints: CheckpointRule?
        /// Seconds, nil for no limit.
        public var timeout: Int?
        /// Seconds without output; not supported yet.
        public var stall: Int?
        /// Not supported yet.
        public var retries: Int?
        /// Not supported yet.
        public var isBackground: Bool
        /// Not supported yet.
        public var after: [String]

        /// A stage that only runs a command.
        public init(name: String, run: [String]) {
            self.name = name
            self.run = run
            resume = []
            environment = [:]
            outputs = []
            isOnce = false
            isBackground = false
            after = []
        }
    }

    /// Which files make a checkpoint.
    public struct CheckpointRule: Sendable, Hashable {
        /// Template of the folder that holds them.
        public var root: String
        /// A regular expression that matches a whole path below `root`; its first group is the step.
        public var step: String
        /// Templates of every file's path below `root`, with `{step}` and `{rank}`.
        public var complete: [String]
        /// Template of the number of ranks.
        public var ranks: String
        /// Seconds that size and time of every file must stand still.
        public var settle: Int
        /// Upload each n-th checkpoint.
        public var every: Int
        /// How many stay on the disk once uploaded, nil for all.
        public var keepLocal: Int?
        /// How many stay in the bucket, nil for all.
        public var keepRemote: Int?

        /// A rule with the defaults.
        public init(root: String, step: String, complete: [String]) {
            self.root = root
            self.step = step
            self.complete = complete
            ranks = "${RANKS}"
            settle = 10
            every = 1
        }
    }

    /// A folder or file that is uploaded at the end.
    public struct Artifact: Sendable, Hashable {
        /// Template of a path below the data folder.
        public var from: String
        /// The folder's name in the bucket.
        public var into: String

        /// An artifact from its parts.
        public init(from: String, into: String) {
            self.from = from
            self.into = into
        }
    }

    /// How a value is read from a line of output.
    public struct MetricRule: Sendable, Hashable {
        /// Only lines with this text are looked at.
        public var line: String
        /// A regular expression; each named group is a metric.
        public var match: String

        /// A rule from its parts.
        public init(line: String, match: String) {
            self.line = line
            self.match = match
        }
    }

    /// The model server that runs with KEEP_ALIVE=true.
    public struct Serve: Sendable, Hashable {
        /// Templates of the command and its arguments.
        public var run: [String]
        /// The path that answers 2xx once it is ready.
        public var ready: String
        /// True where requests need no token.
        public var isPublic: Bool
        /// Templates of paths with `*` below the data folder: what a machine that only serves brings back of the run; nil
        /// for all outputs, artifacts and inputs.
        public var needs: [String]?

        /// A server from its parts.
        public init(run: [String], ready: String = "/", isPublic: Bool = false, needs: [String]? = nil) {
            self.run = run
            self.ready = ready
            self.isPublic = isPublic
            self.needs = needs
        }
    }

    /// A program with nothing but a name and a data folder.
    public init(name: String, data: String) {
        self.name = name
        self.data = data
        environment = [:]
        requires = []
        passSecrets = []
        preflight = Preflight()
        inputs = []
        stages = []
        artifacts = []
        metrics = []
        imageEnvironment = [:]
        childEnvironment = [:]
    }
}
