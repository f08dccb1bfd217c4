import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// The real entrypoint as a process of this machine with a folder as its bucket, for tests that need no container.
struct HostRun {
    let folder: TemporaryFolder
    let run: String
    let bucket: BucketReader
    var program: Program
    var environment: [String: String] = [:]

    var data: FilePath { folder("data") }

    /// Prepares a run with one stage, a shell script with a checkpoint rule, whose `final` is the artifact `model`.
    init(_ run: String, _ script: String) throws {
        folder = try TemporaryFolder()
        self.run = run
        try FileSystem.makeFolder(folder("store/runs"))
        bucket = try BucketReader(FileStore(folder("store/runs")), run: run)
        program = Program(name: "kind", data: folder("data").string)
        program.imageEnvironment = ["PATH": "/usr/bin:/bin"]
        program.artifacts = [Program.Artifact(from: "final", into: "model")]
        var stage = Self.stage("base", script)
        var rule = Program.CheckpointRule(
            root: "ck", step: #"model_(\d+)\.bin"#, complete: ["model_{step}.bin", "meta_{step}.json"])
        rule.settle = 1
        stage.checkpoints = rule
        program.stages = [stage]
    }

    static func stage(_ name: String, _ script: String) -> Program.Stage {
        Program.Stage(name: name, run: ["/bin/sh", "-c", script])
    }

    /// Starts the entrypoint; may be called again for the next start.
    func start(_ name: String = "start") throws -> RunningProgram {
        try FileSystem.write(program.json.encoded(), to: folder("program.json"))
        var variables = EntrypointRun.environment(
            ["R2_ENDPOINT_URL": "file://\(folder("store"))", "R2_BUCKET_NAME": "runs"], run: run)
        variables.merge(environment) { $1 }
        variables["BIND_ADDRESS"] = "127.0.0.1"
        variables["PORT"] = String(try EntrypointRun.freePort())
        return try RunningProgram(
            Checkout.program("caas-entrypoint"), [folder("program.json").string],
            environment: variables.mapValues { Optional($0) }, log: folder("\(name).log"))
    }

    /// Runs the entrypoint to its end, expects the exit status, and returns its output.
    func finish(_ name: String = "start", with status: Int = 0) async throws -> String {
        let container = try start(name)
        #expect(try await EntrypointRun.finish(container) == status, "\(container.printed)")
        return container.printed
    }

    /// Removes the data folder, as on another machine.
    func loseDisk() throws { try FileSystem.removeTree(data) }

    /// Returns the files of the artifact `model` in complete.json: texts by path.
    func model() async throws -> [String: String] {
        let record = try #require(try await bucket.completion())
        var texts: [String: String] = [:]
        for file in try #require(record.artifacts.first { $0.into == "model" }).files {
            let content = try await bucket.store.get(file.key, limit: 16 << 20) ?? []
            texts[file.path.description] = String(decoding: content, as: UTF8.self)
        }
        return texts
    }
}
