import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests of the real entrypoint with a shared folder instead of a bucket: without a server and a key.
@Suite(.serialized) struct EntrypointFolderTests {
    private static let place = ["R2_ENDPOINT_URL": "file:///data/shared", "R2_BUCKET_NAME": "runs"]

    @Test func `a run that is killed is resumed from a shared folder, and completes there`() async throws {
        let bundle = try await EntrypointBundle(.scratch)
        let runs = bundle.data.appending("shared/runs")
        try FileSystem.makeFolder(runs)
        let bucket = try BucketReader(FileStore(runs), run: "shared")
        let environment = EntrypointRun.environment(Self.place, run: "shared")
        let program = Trainer.program(steps: 6, holdAt: 3)
        let first = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "first")
        _ = try await eventually { try await bucket.checkpoints().count == 3 ? true : nil }
        try await bundle.kill()
        #expect(try await EntrypointRun.finish(first) != 0)
        try FileSystem.removeTree(bundle.data.appending("work"))
        let second = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), name: "second")
        #expect(try await EntrypointRun.finish(second) == 0, "\(second.printed)")
        #expect(second.printed.contains("\nstarting at 3\n"), "\(second.printed)")
        #expect(second.printed.contains("file:///data/shared/runs was written, read and cleaned"))
        let steps = try await bucket.checkpoints().compactMap { $0.split(separator: "-").first.flatMap { Int($0) } }
        #expect(steps == Array(1...6))
        let record = try #require(try await bucket.completion())
        #expect(record.attempt == 2 && record.artifacts.map(\.into) == ["model"])
        let weights = try FileSystem.read(runs.appending("test/shared/artifacts/2/model/model.bin"))
        #expect(String(decoding: weights, as: UTF8.self) == "shared weights of step 6\n")
    }

    @Test func `a shared folder that is not mounted is exit 71, and is not made`() async throws {
        let bundle = try await EntrypointBundle(.scratch)
        let container = try bundle.start(
            Trainer.program(), environment: EntrypointRun.environment(Self.place, run: "unmounted"),
            port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 71, "\(container.printed)")
        #expect(container.printed.contains("mount the file system that should hold it"))
        #expect(!container.printed.contains("starting at"))
        #expect(!FileSystem.exists(bundle.data.appending("shared")))
    }
}
