/// A program for a container: `entrypoints/<program>.yaml`, validated and baked in as `/.caas/program.json`.
///
/// Strings marked *template* contain `${NAME}`, which the entrypoint expands just before a stage.
package struct Program: Sendable, Hashable {
    package var name: String
    /// Template of the stages' working directory; nil for the image's own.
    package var workdir: String?
    /// Template of an absolute folder, to which outputs, checkpoints and artifacts are relative.
    package var data: String
    /// Templates by variable name.
    package var environment: [String: String]
    /// Names of variables that the deployment must set.
    package var requires: [String]
    /// Names of secrets that are passed to stages.
    package var passSecrets: [String]
    /// Conditions that are checked before any paid work begins.
    package var preflight: Preflight
    /// Artifacts of other runs that the program starts from.
    package var inputs: [Input]
    /// The stages in execution order.
    package var stages: [Stage]
    /// The artifacts, which are uploaded at the end and named in complete.json.
    package var artifacts: [Artifact]
    /// Rules that read metrics from the stages' output.
    package var metrics: [MetricRule]
    /// The model server, nil if the program has none.
    package var serve: Serve?
    /// The image's environment at build time; variables that differ at the start were sent by the deployment.
    package var imageEnvironment: [String: String]
    /// Variables of the image that must not reach PID 1, such as LD_PRELOAD; only the stages get them.
    package var childEnvironment: [String: String]

    /// Conditions that are checked before any paid work begins.
    package struct Preflight: Sendable, Hashable {
        /// Template of the minimum number of GPUs, nil for no minimum.
        package var gpuCount: String?
        /// Template of the minimum memory of each GPU in GiB, nil for no minimum.
        package var gpuMemoryGiB: String?
        package var disks: [Disk]
        /// Templates of commands that must succeed.
        package var commands: [[String]]

        /// Minimum free space of a file system.
        package struct Disk: Sendable, Hashable {
            /// Template of a folder.
            package var path: String
            /// Template of the minimum free space in GiB.
            package var gib: String

            package init(path: String, gib: String) {
                self.path = path
                self.gib = gib
            }
        }

        package init(
            gpuCount: String? = nil, gpuMemoryGiB: String? = nil, disks: [Disk] = [], commands: [[String]] = []
        ) {
            self.gpuCount = gpuCount
            self.gpuMemoryGiB = gpuMemoryGiB
            self.disks = disks
            self.commands = commands
        }
    }

    /// An artifact of another run in the same bucket, which is downloaded before the first stage.
    package struct Input: Sendable, Hashable {
        /// Template of the other run's ID.
        package var run: String
        /// The artifact's `into` in that run's program.
        package var artifact: String
        /// Template of a folder below the data folder, nil for one with the artifact's name.
        package var into: String?

        package init(run: String, artifact: String, into: String? = nil) {
            self.run = run
            self.artifact = artifact
            self.into = into
        }
    }

    /// One command of the program.
    package struct Stage: Sendable, Hashable {
        /// Unique in the program; consists of letters, digits, `-` and `_`.
        package var name: String
        /// Templates of the command and its arguments.
        package var run: [String]
        /// Templates of arguments that are appended if a checkpoint was restored.
        package var resume: [String]
        /// Templates by variable name.
        package var environment: [String: String]
        /// Templates of paths with `*`, which are uploaded when the stage ends.
        package var outputs: [String]
        /// True if the stage never runs again after success, not even on a machine that has none of its files.
        package var isOnce: Bool
        /// True if the run goes on where the stage fails.
        package var isOptional: Bool
        /// The rule that finds checkpoints, nil if the stage writes none.
        package var checkpoints: CheckpointRule?
        /// In seconds, nil for no limit.
        package var timeout: Int?
        /// The seconds without output after which the stage is ended, nil for no limit.
        package var stall: Int?
        /// False if the stage is not ended where it makes no step for long.
        package var watchesSteps: Bool
        /// The lines in a row with a loss that is no number after which the stage is ended, 0 for none, nil for 3.
        package var nonFinite: Int?
        /// How often in a row the stage starts again without a new checkpoint; nil for twice where the cause passes.
        package var retries: Int?
        /// Not supported yet.
        package var isBackground: Bool
        /// Not supported yet.
        package var after: [String]

        /// Creates a stage that only runs a command.
        package init(name: String, run: [String]) {
            self.name = name
            self.run = run
            resume = []
            environment = [:]
            outputs = []
            watchesSteps = true
            isOnce = false
            isOptional = false
            isBackground = false
            after = []
        }
    }

    /// A folder or file that is uploaded at the end.
    package struct Artifact: Sendable, Hashable {
        /// Template of a path below the data folder.
        package var from: String
        /// The folder's name in the bucket.
        package var into: String
        /// Paths with `*` below `from`, each of which must match a file.
        package var files: [String]
        /// The least size in bytes of all files together.
        package var least: Int64

        package init(from: String, into: String, files: [String] = [], least: Int64 = 0) {
            self.from = from
            self.into = into
            self.files = files
            self.least = least
        }
    }

    /// A rule that reads values from a line of output.
    package struct MetricRule: Sendable, Hashable {
        /// Only lines that contain this text are matched.
        package var line: String
        /// A regular expression; each named group is a metric.
        package var match: String

        package init(line: String, match: String) {
            self.line = line
            self.match = match
        }
    }

    /// The model server that runs with KEEP_ALIVE=true.
    package struct Serve: Sendable, Hashable {
        /// Templates of the command and its arguments.
        package var run: [String]
        /// The path that answers 2xx once the server is ready.
        package var ready: String
        /// True if requests need no token.
        package var isPublic: Bool
        /// Templates of paths with `*` below the data folder, nil for all outputs, artifacts and inputs.
        ///
        /// A machine that only serves restores these files of the run.
        package var needs: [String]?

        package init(run: [String], ready: String = "/", isPublic: Bool = false, needs: [String]? = nil) {
            self.run = run
            self.ready = ready
            self.isPublic = isPublic
            self.needs = needs
        }
    }

    /// Creates a program that has only a name and a data folder.
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
