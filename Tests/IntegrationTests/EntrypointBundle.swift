import JSON
import POSIX
import RunContract
import SystemPackage
import TestSupport

/// A container with the entrypoint layer on a root file system, run by runc during a test.
final class EntrypointBundle: Sendable {
    /// The container's files in addition to `/.caas`.
    enum Root: String, CaseIterable, Sendable {
        /// Only a static busybox.
        case scratch
        /// This machine's root file system, read-only.
        case debian
        /// A program linked against musl, and musl's loader.
        case musl
    }

    struct Failure: Error { let description: String }

    /// Limits of the container's resources.
    struct Limits {
        /// RLIMIT_NOFILE, soft and hard.
        var descriptors: (soft: Int, hard: Int)?
        /// The value of pids.max.
        var processes: Int?
        /// The size of /data, which is then a tmpfs that is lost with the container.
        var dataSize: String?
    }

    /// The folder of the test's files.
    let folder: TemporaryFolder
    /// The host folder of the container's /data, which persists between starts.
    let data: FilePath
    let root: Root
    private let bundle: FilePath
    private let state: FilePath

    init(_ root: Root) async throws {
        folder = try TemporaryFolder()
        self.root = root
        bundle = folder("bundle")
        state = folder("runc")
        data = folder("data")
        for name in ["bundle/rootfs/proc", "bundle/rootfs/dev", "bundle/rootfs/tmp", "bundle/rootfs/data", "data"] {
            try FileSystem.makeFolder(folder(name))
        }
        let layer = Checkout.binaries.appending("entrypoint/layer.tar.gz")
        guard FileSystem.exists(layer) else { throw Failure(description: "\(layer) is missing: make entrypoint") }
        try await Command("tar", ["-xzf", layer.string, "-C", rootfs.string, "--exclude", ".wh.*"]).succeed()
        try await fill()
    }

    var rootfs: FilePath { bundle.appending("rootfs") }

    private func fill() async throws {
        switch root {
        case .scratch:
            try FileSystem.makeFolder(rootfs.appending("bin"))
            let busybox = try await Busybox.path().string
            try await Command("cp", [busybox, rootfs.appending("bin/busybox").string]).succeed()
            for name in try await Command(busybox, ["--list"]).succeed().split(separator: "\n") {
                let link = rootfs.appending("bin").appending(String(name))
                if !FileSystem.exists(link) { try FileSystem.makeSymbolicLink(link, to: "busybox") }
            }
        case .debian:
            for name in ["usr", "etc"] { try FileSystem.makeFolder(rootfs.appending(name)) }
            for name in ["bin", "lib", "lib64", "sbin"] {
                try FileSystem.makeSymbolicLink(rootfs.appending(name), to: FilePath("usr/\(name)"))
            }
        case .musl:
            let source = folder("trainer.c")
            try FileSystem.write(Array(Trainer.inC.utf8), to: source)
            try FileSystem.makeFolder(rootfs.appending("lib"))
            try await Command("cp", ["/lib/ld-musl-x86_64.so.1", rootfs.appending("lib/").string]).succeed()
            try await Command("musl-gcc", ["-O1", "-o", rootfs.appending("train").string, source.string]).succeed()
            return
        }
        try FileSystem.write(Array(Trainer.script.utf8), to: rootfs.appending("train"), mode: 0o755)
    }

    /// Starts the container with this program; its output goes to the log of the returned program.
    func start(
        _ program: Program, environment: [String: String], port: Int, name: String = "start",
        arguments: [String] = [], limits: Limits = Limits()
    ) throws -> RunningProgram {
        try FileSystem.write(program.json.encoded(), to: rootfs.appending(".caas/program.json"))
        var variables = program.imageEnvironment
        variables.merge(environment) { $1 }
        variables["PORT"] = String(port)
        variables["BIND_ADDRESS"] = "127.0.0.1"
        try FileSystem.write(
            configuration(variables, arguments, limits).encoded(), to: bundle.appending("config.json"))
        return try RunningProgram(
            "runc", ["--root", state.string, "run", "--bundle", bundle.string, identifier],
            log: folder("\(name).log"))
    }

    /// Kills all processes of the container at once, as the loss of its machine does.
    func kill() async throws {
        _ = try await Command("runc", ["--root", state.string, "kill", identifier, "KILL"]).run()
        // runc deletes the container itself once it notices the end.
        _ = try await eventually(within: 20) {
            try await Command("runc", ["--root", state.string, "state", identifier]).run().status != 0 ? true : nil
        }
        _ = try await Command("runc", ["--root", state.string, "delete", "--force", identifier]).run()
    }

    /// Returns the process id, on this machine, of the container's first process.
    func processOfPID1() async throws -> Int? {
        let state = try await Command("runc", ["--root", state.string, "state", identifier]).succeed()
        return try JSONValue(parsing: Array(state.utf8)).whole("pid")
    }

    /// Sets the maximum number of processes and threads in the running container.
    func limitProcesses(to count: Int) async throws {
        try await Command("runc", ["--root", state.string, "update", "--pids-limit", "\(count)", identifier]).succeed()
    }

    /// Runs a command in the running container.
    func execute(_ arguments: [String]) async throws -> Command.Outcome {
        try await Command("runc", ["--root", state.string, "exec", identifier] + arguments).run()
    }

    private var identifier: String { folder.path.lastComponent?.string ?? "test" }

    private func configuration(_ environment: [String: String], _ arguments: [String], _ limits: Limits) -> JSONValue {
        var mounts: [JSONValue] = [
            ["destination": "/proc", "type": "proc", "source": "proc"],
            ["destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]],
            limits.dataSize.map { size in
                [
                    "destination": "/data", "type": "tmpfs", "source": "tmpfs",
                    "options": ["nosuid", .string("size=\(size)")],
                ]
            } ?? Self.bind(data.string, "/data", "rw"),
        ]
        if root == .debian { mounts += [Self.bind("/usr", "/usr", "ro"), Self.bind("/etc", "/etc", "ro")] }
        let capabilities: JSONValue = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL"]
        var linux: JSONValue = ["namespaces": .array(namespaces.map { ["type": .string($0)] })]
        if let processes = limits.processes { linux["resources"] = ["pids": ["limit": .integer(processes)]] }
        if CurrentUser.id != 0 {
            linux["uidMappings"] = [["containerID": 0, "hostID": .integer(CurrentUser.id), "size": 1]]
            linux["gidMappings"] = [["containerID": 0, "hostID": .integer(CurrentUser.group), "size": 1]]
        }
        var rlimits: [JSONValue] = []
        if let (soft, hard) = limits.descriptors {
            rlimits.append(["type": "RLIMIT_NOFILE", "soft": .integer(soft), "hard": .integer(hard)])
        }
        return [
            "ociVersion": "1.0.2", "root": ["path": "rootfs"], "mounts": .array(mounts), "linux": linux,
            "process": [
                "terminal": false, "user": ["uid": 0, "gid": 0],
                "args": .array((["/.caas/caas-entrypoint"] + arguments).map(JSONValue.string)), "cwd": "/",
                "env": .array(environment.map { .string("\($0.key)=\($0.value)") }), "noNewPrivileges": true,
                "rlimits": .array(rlimits),
                "capabilities": [
                    "bounding": capabilities, "effective": capabilities, "permitted": capabilities, "inheritable": [],
                ],
            ],
        ]
    }

    /// The namespaces; the network is the host's, because the S3 server listens on its loopback interface.
    private var namespaces: [String] { ["pid", "ipc", "uts", "mount"] + (CurrentUser.id == 0 ? [] : ["user"]) }

    private static func bind(_ source: String, _ target: String, _ mode: String) -> JSONValue {
        [
            "destination": .string(target), "type": "bind", "source": .string(source),
            "options": ["rbind", .string(mode)],
        ]
    }
}
