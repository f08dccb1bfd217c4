import HTTP
import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests of runs that were killed, moved to another machine, or started twice.
@Suite(.serialized) struct EntrypointResumeTests {
    @Test(arguments: [true, false])
    func `after kill -9 the next start resumes from the newest complete checkpoint`(isDiskLost: Bool) async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let run = "killed-\(isDiskLost)"
        let bucket = try BucketReader(server, run: run)
        let environment = EntrypointRun.environment(server, run: run)
        let program = Trainer.program(steps: 6, holdAt: 3)
        let first = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "first")
        _ = try await eventually { try await bucket.checkpoints().count == 3 ? true : nil }
        try await bundle.kill()
        #expect(try await EntrypointRun.finish(first) != 0)
        if isDiskLost { try FileSystem.removeTree(bundle.data.appending("work")) }
        // The incomplete files of a trainer that was killed while it wrote a checkpoint.
        try FileSystem.makeFolder(bundle.data.appending("work/ck"))
        try FileSystem.write(Array("torn".utf8), to: bundle.data.appending("work/ck/model_000099.bin"))
        try FileSystem.write(Array("{".utf8), to: bundle.data.appending("work/ck/meta_000099.json"))
        let second = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "second")
        #expect(try await EntrypointRun.finish(second) == 0, "\(second.printed)")
        #expect(second.printed.contains("\nstarting at 3\n"), "\(second.printed)")
        let steps = try await bucket.checkpoints().compactMap { $0.split(separator: "-").first.flatMap { Int($0) } }
        #expect(steps == Array(1...6))
        #expect(try await bucket.completion()?.attempt == 2)
        let third = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "third")
        #expect(try await EntrypointRun.finish(third) == 0)
        #expect(third.printed.contains("nothing is trained") && !third.printed.contains("starting at"))
    }

    @Test func `when the S3 server dies in the middle, a second start completes`() async throws {
        let storage = try TemporaryFolder()
        let port = try EntrypointRun.freePort()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program(steps: 6, holdAt: 2)
        var server: RcloneS3Server? = try await RcloneS3Server(storage: storage.path, port: port)
        let environment = EntrypointRun.environment(try #require(server), run: "cut").merging(["DRAIN_SECONDS": "3"]) {
            $1
        }
        let first = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "first")
        let checkpoint = storage.path.appending("runs/test/cut/checkpoints/base/1-1.manifest.json")
        _ = try await eventually { FileSystem.exists(checkpoint) ? true : nil }
        server = nil
        try FileSystem.write([UInt8](), to: bundle.data.appending("go"))
        #expect(try await EntrypointRun.finish(first, within: 120) == 72, "\(first.printed)")
        let again = try await RcloneS3Server(storage: storage.path, port: port)
        let second = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "second")
        #expect(try await EntrypointRun.finish(second) == 0, "\(second.printed)")
        #expect(try await BucketReader(again, run: "cut").completion()?.attempt == 2)
    }

    @Test func `the rule says how many checkpoints are uploaded and kept`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program(steps: 7) { program in
            program.stages[0].checkpoints?.every = 2
            program.stages[0].checkpoints?.keepLocal = 1
            program.stages[0].checkpoints?.keepRemote = 3
        }
        let container = try bundle.start(
            program, environment: EntrypointRun.environment(server, run: "kept"), port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        let bucket = try BucketReader(server, run: "kept")
        // Every second checkpoint and the last one were uploaded; of these four the oldest was removed.
        #expect(try await bucket.checkpoints() == ["4-1", "6-1", "7-1"])
        #expect(try await bucket.store.list(bucket.layout.checkpoint(stage: "base", step: 2, attempt: 1)).isEmpty)
        // Only checkpoints that are in the bucket may be removed from the disk.
        let left = try FileSystem.names(in: bundle.data.appending("work/ck")).map(\.string)
        let models = [1, 3, 5, 7].map { "model_00000\($0).bin" }
        #expect(Set(left.filter { $0.hasPrefix("model") }).subtracting(["model_000002.bin"]) == Set(models))
    }

    @Test func `a finished stage is skipped on another machine, and its outputs are there`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program(steps: 6, holdAt: 2) { program in
            var stage = Program.Stage(
                name: "prepare", run: ["/bin/sh", "-c", "mkdir -p $DATA/tok/deep; echo words > $DATA/tok/deep/a"])
            stage.outputs = ["tok/*"]
            program.stages.insert(stage, at: 0)
            program.stages[1].run = ["/bin/sh", "-c", "cat $DATA/tok/deep/a; exec /train \"$@\"", "sh"]
        }
        let environment = EntrypointRun.environment(server, run: "staged")
        let first = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "first")
        let bucket = try BucketReader(server, run: "staged")
        _ = try await eventually { try await bucket.checkpoints().isEmpty ? nil : true }
        try await bundle.kill()
        #expect(try await EntrypointRun.finish(first) != 0)
        try FileSystem.removeTree(bundle.data.appending("work"))
        let second = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "second")
        #expect(try await EntrypointRun.finish(second) == 0, "\(second.printed)")
        #expect(second.printed.contains("caas: stage prepare was finished by an earlier attempt"))
        #expect(second.printed.contains("\nwords\n") && !second.printed.contains("starting at 0"))
        #expect(try await bucket.completion()?.attempt == 2)
    }

    @Test func `a container that sees a later start of its run stops`() async throws {
        let server = try await RcloneS3Server()
        let first = try await EntrypointBundle(.scratch)
        let second = try await EntrypointBundle(.scratch)
        let environment = EntrypointRun.environment(server, run: "twice")
        let old = try first.start(
            Trainer.program(steps: 100, delay: 1), environment: environment, port: try EntrypointRun.freePort())
        _ = try await eventually { old.printed.contains("\nstarting at 0\n") ? true : nil }
        let new = try second.start(Trainer.program(), environment: environment, port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(new) == 0, "\(new.printed)")
        #expect(try await EntrypointRun.finish(old) == 75, "\(old.printed)")
        let status = try await BucketReader(server, run: "twice").status()
        #expect(status?.attempt == 2 && status?.phase == .complete)
    }
}
