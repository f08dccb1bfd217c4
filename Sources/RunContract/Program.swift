/// What runs inside a container: `entrypoints/<program>.yaml`, checked and baked as `/.caas/program.json`.
///
/// Texts marked *template* hold `${NAME}` until the entrypoint expands them just before a stage.
package struct Program: Sendable, Hashable {
    /// The program's name.
    package var name: String
    /// Template: where stages run; nil is the image's own.
    package var workdir: String?
    /// Template: an absolute folder; outputs, checkpoints and artifacts are relative to it.
    package var data: String
    /// Templates by name.
    package var environment: [String: String]
    /// Names that the deployment must set.
    package var requires: [String]
    /// Secrets that stages may see.
    package var passSecrets: [String]
    /// What must hold before anything is paid for.
    package var preflight: Preflight
    /// Artifacts of other runs that the program starts from.
    package var inputs: [Input]
    /// In the order in which they run.
    package var stages: [Stage]
    /// What is uploaded at the end and named in complete.json.
    package var artifacts: [Artifact]
    /// What is read from the stages' output.
    package var metrics: [MetricRule]
    /// The model server.
    package var serve: Serve?
    /// The environment of the image, as it was built: what differs from it at the start was sent by the deployment.
    package var imageEnvironment: [String: String]
    /// What the image's environment held that must not reach PID 1, such as LD_PRELOAD: for the stages alone.
    package var childEnvironment: [String: String]

    /// What must hold before anything is paid for.
    package struct Preflight: Sendable, Hashable {
        /// Template of the least number of GPUs, nil where none is asked.
        package var gpuCount: String?
        /// Template of the least memory of each in GiB.
        package var gpuMemoryGiB: String?
        /// Free space that must be there.
        package var disks: [Disk]
        /// Templates of commands that must succeed.
        package var commands: [[String]]

        /// Free space that must be there.
        package struct Disk: Sendable, Hashable {
            /// Template of a folder.
            package var path: String
            /// Template of the least free space in GiB.
            package var gib: String

            /// A demand from its parts.
            package init(path: String, gib: String) {
                self.path = path
                self.gib = gib
            }
        }

        /// Demands from their parts.
        package init(
            gpuCount: String? = nil, gpuMemoryGiB: String? = nil, disks: [Disk] = [], commands: [[String]] = []
        ) {
            self.gpuCount = gpuCount
            self.gpuMemoryGiB = gpuMemoryGiB
            self.disks = disks
            self.commands = commands
        }
    }

    /// An artifact of another run in the same bucket, which is there before the first stage.
    package struct Input: Sendable, Hashable {
        /// Template of the other run's id.
        package var run: String
        /// The artifact's `into` in that run's program.
        package var artifact: String
        /// Template of a folder below the data folder, nil for one of the artifact's name.
        package var into: String?

        /// An input from its parts.
        package init(run: String, artifact: String, into: String? = nil) {
            self.run = run
            self.artifact = artifact
            self.into = into
        }
    }

    /// One command of the program.
    package struct Stage: Sendable, Hashable {
        /// Unique in the program; letters, digits, `-` and `_`.
        package var name: String
        /// Templates of the command and its arguments.
        package var run: [String]
        /// Templates of arguments that are added when a checkpoint was restored.
        package var resume: [String]
        /// Templates by name.
        package var environment: [String: String]
        /// Templates of paths with `*`, uploaded when the stage ends.
        package var outputs: [String]
        /// True where a stage that ended well never runs again, also on a machine that has nothing of what it left.
        package var isOnce: Bool
        /// Which files make a checkpoint, nil where the stage writes none.
        package var checkpoints: CheckpointRule?
        /// Seconds, nil for no limit.
        package var timeout: Int?
        /// Seconds without output; not supported yet.
        package var stall: Int?
        /// Not supported yet.
        package var retries: Int?
        /// Not supported yet.
        package var isBackground: Bool
        /// Not supported yet.
        package var after: [String]

        /// A stage that only runs a command.
        package init(name: String, run: [String]) {
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
    package struct CheckpointRule: Sendable, Hashable {
        /// Template of the folder that holds them.
        package var root: String
        /// A regular expression that matches a whole path below `root`; its first group is the step.
        package var step: String
        /// Templates of every file's path below `root`, with `{step}` and `{rank}`.
        package var complete: [String]
        /// Template of the number of ranks.
        package var ranks: String
        /// Seconds that size and time of every file must stand still.
        package var settle: Int
        /// Upload each n-th checkpoint.
        package var every: Int
        /// How many stay on the disk once uploaded, nil for all.
        package var keepLocal: Int?
        /// How many stay in the bucket, nil for all.
        package var keepRemote: Int?

        /// A rule with the defaults.
        package init(root: String, step: String, complete: [String]) {
            self.root = root
            self.step = step
            self.complete = complete
            ranks = "${RANKS}"
            settle = 10
            every = 1
        }
    }

    /// A folder or file that is uploaded at the end.
    package struct Artifact: Sendable, Hashable {
        /// Template of a path below the data folder.
        package var from: String
        /// The folder's name in the bucket.
        package var into: String

        /// An artifact from its parts.
        package init(from: String, into: String) {
            self.from = from
            self.into = into
        }
    }

    /// How a value is read from a line of output.
    package struct MetricRule: Sendable, Hashable {
        /// Only lines with this text are looked at.
        package var line: String
        /// A regular expression; each named group is a metric.
        package var match: String

        /// A rule from its parts.
        package init(line: String, match: String) {
            self.line = line
            self.match = match
        }
    }

    /// The model server that runs with KEEP_ALIVE=true.
    package struct Serve: Sendable, Hashable {
        /// Templates of the command and its arguments.
        package var run: [String]
        /// The path that answers 2xx once it is ready.
        package var ready: String
        /// True where requests need no token.
        package var isPublic: Bool
        /// Templates of paths with `*` below the data folder: what a machine that only serves brings back of the run; nil
        /// for all outputs, artifacts and inputs.
        package var needs: [String]?

        /// A server from its parts.
        package init(run: [String], ready: String = "/", isPublic: Bool = false, needs: [String]? = nil) {
            self.run = run
            self.ready = ready
            self.isPublic = isPublic
            self.needs = needs
        }
    }

    /// A program with nothing but a name and a data folder.
    package init(name: String, data: String) {
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
