import HTTP
import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// The real entrypoint in real containers, against real S3 servers.
@Suite(.serialized) struct EntrypointRunTests {
    private static let token = "0123456789abcdef0123456789abcdef"

    private static func environment(_ server: any S3Server, run: String) -> [String: String] {
        server.environment.merging([
            "RUN_ID": run, "R2_PREFIX": "test", "STATUS_TOKEN": token, "WANDB_API_KEY": "wandb-secret-value",
            "DRAIN_SECONDS": "20",
        ]) { $1 }
    }

    private static func finish(_ program: RunningProgram, within seconds: Double = 60) async throws -> Int {
        let status = try await eventually(within: seconds) { program.status }
        return try #require(status, "the container does not end: \(program.printed)")
    }

    private static func freePort() throws -> Int { try #require(FreePort.find(1).first) }

    @Test(arguments: EntrypointBundle.Root.allCases)
    func `a run trains, uploads and completes on any root file system`(_ root: EntrypointBundle.Root) async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(root)
        let run = "happy-\(root.rawValue)"
        let container = try bundle.start(
            Trainer.program(), environment: Self.environment(server, run: run), port: try Self.freePort())
        #expect(try await Self.finish(container) == 0, "\(container.printed)")
        let bucket = try BucketReader(server, run: run)
        #expect(try await bucket.checkpoints() == ["1-1", "2-1", "3-1", "4-1", "5-1"])
        let record = try #require(try await bucket.completion())
        #expect(record.artifacts.map(\.into) == ["model"] && record.metrics["loss"] == "20.25")
        let weights = try await bucket.store.get(
            "\(bucket.layout.artifact(into: "model", attempt: 1))model.bin", limit: 99)
        #expect(weights.map { String(decoding: $0, as: UTF8.self) } == "\(run) weights of step 5\n")
        #expect(try await bucket.status()?.phase == .complete)
        #expect(try await bucket.log().contains("trained to step 5"))
    }

    @Test func `a strict server takes it too`() async throws {
        let server = try await SwiftS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let container = try bundle.start(
            Trainer.program(), environment: Self.environment(server, run: "strict"), port: try Self.freePort())
        #expect(try await Self.finish(container) == 0, "\(container.printed)")
        let bucket = try BucketReader(server, run: "strict")
        #expect(try await bucket.checkpoints().count == 5)
        #expect(try await bucket.completion() != nil)
    }

    @Test func `an image's nonsense does not reach PID 1`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.debian)
        let program = Trainer.program { program in
            program.imageEnvironment["OPENSSL_CONF"] = "/nonsense.cnf"
            program.childEnvironment = ["LD_PRELOAD": "/nonsense.so"]
        }
        let container = try bundle.start(
            program, environment: Self.environment(server, run: "nonsense"), port: try Self.freePort())
        #expect(try await Self.finish(container) == 0, "\(container.printed)")
        let environment = try FileSystem.read(bundle.data.appending("work/environment-base"))
        #expect(String(decoding: environment, as: UTF8.self).contains("LD_PRELOAD=/nonsense.so"))
    }

    @Test func `no secret shows anywhere`() async throws {
        let server = try await RcloneS3Server(secretAccessKey: "rclone-secret-of-this-test")
        let bundle = try await EntrypointBundle(.scratch)
        let secrets = [server.secretAccessKey, "wandb-secret-value", Self.token]
        let program = Trainer.program(delay: 0.5) { program in
            program.passSecrets = ["WANDB_API_KEY"]
            program.stages[0].run = [
                "/bin/sh", "-c", "echo key $WANDB_API_KEY; cat /proc/1/environ; env; ls -l /proc/1/fd; exec /train",
            ]
        }
        let port = try Self.freePort()
        let container = try bundle.start(program, environment: Self.environment(server, run: "hidden"), port: port)
        let site = LiveSiteReader(port: port, token: Self.token)
        let page = try await eventually {
            try await site.text("/.caas/page").flatMap { $0.contains("loss") ? $0 : nil }
        }
        let shown: [String?] = try await [
            page, site.text("/.caas/log"), site.text("/.caas/status.json"), site.text("/.caas/metrics"), site.text("/"),
        ]
        #expect(shown.allSatisfy { $0 != nil })
        #expect(try await Self.finish(container) == 0, "\(container.printed)")
        let log = try await BucketReader(server, run: "hidden").log().joined(separator: "\n")
        #expect(log.contains("key <redacted>"))
        for secret in secrets {
            for text in shown + [container.printed, log] { #expect(!(text ?? "").contains(secret)) }
        }
        let seen = try FileSystem.read(bundle.data.appending("work/environment-base"))
        let children = String(decoding: seen, as: UTF8.self)
        #expect(!children.contains(server.secretAccessKey) && !children.contains(Self.token))
        #expect(children.contains("WANDB_API_KEY=wandb-secret-value") && !children.contains("R2_"))
    }

    @Test func `a trainer that fails gives its exit code, and what it finished is in the bucket`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let container = try bundle.start(
            Trainer.program(delay: 1.5, failAt: 4), environment: Self.environment(server, run: "failing"),
            port: try Self.freePort())
        #expect(try await Self.finish(container) == 3, "\(container.printed)")
        let bucket = try BucketReader(server, run: "failing")
        #expect(try await bucket.checkpoints() == ["1-1", "2-1", "3-1"])
        #expect(try await bucket.completion() == nil)
        let status = try await bucket.status()
        #expect(status?.phase == .failed && status?.exitCode == 3)
        #expect(status?.reason == "stage base ended with exit status 3")
        #expect(try await bucket.log().contains("out of luck"))
    }

    @Test func `with ON_FAILURE=hold the reason stays on the page`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let port = try Self.freePort()
        let container = try bundle.start(
            Trainer.program(failAt: 1),
            environment: Self.environment(server, run: "held").merging(["ON_FAILURE": "hold"]) { $1 }, port: port)
        let site = LiveSiteReader(port: port, token: Self.token)
        let page = try await eventually {
            try await site.text("/.caas/page").flatMap { $0.contains("exit status 3") ? $0 : nil }
        }
        #expect(page?.contains("exit code 3") == true)
        try await Task.sleep(for: .seconds(1))
        #expect(container.status == nil)
        container.signal(15)
        #expect(try await Self.finish(container) == 3, "\(container.printed)")
    }

    @Test(arguments: [true, false])
    func `after kill -9 the next start resumes from the newest complete checkpoint`(isDiskLost: Bool) async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let run = "killed-\(isDiskLost)"
        let bucket = try BucketReader(server, run: run)
        let environment = Self.environment(server, run: run)
        let program = Trainer.program(steps: 8, delay: 1)
        let first = try bundle.start(program, environment: environment, port: try Self.freePort(), name: "first")
        _ = try await eventually { try await bucket.checkpoints().count >= 2 ? true : nil }
        try await bundle.kill()
        #expect(try await Self.finish(first) != 0)
        let newest = try #require(try await bucket.checkpoints().last?.split(separator: "-").first)
        if isDiskLost { try FileSystem.removeTree(bundle.data.appending("work")) }
        // What a trainer that was killed while it wrote leaves behind.
        try FileSystem.makeFolder(bundle.data.appending("work/ck"))
        try FileSystem.write(Array("torn".utf8), to: bundle.data.appending("work/ck/model_000099.bin"))
        try FileSystem.write(Array("{".utf8), to: bundle.data.appending("work/ck/meta_000099.json"))
        let second = try bundle.start(program, environment: environment, port: try Self.freePort(), name: "second")
        #expect(try await Self.finish(second) == 0, "\(second.printed)")
        #expect(second.printed.contains("\nstarting at \(newest)\n"), "\(second.printed)")
        let steps = try await bucket.checkpoints().compactMap { $0.split(separator: "-").first.flatMap { Int($0) } }
        #expect(steps == Array(1...8))
        #expect(try await bucket.completion()?.attempt == 2)
        let third = try bundle.start(program, environment: environment, port: try Self.freePort(), name: "third")
        #expect(try await Self.finish(third) == 0)
        #expect(third.printed.contains("nothing is trained") && !third.printed.contains("starting at"))
    }

    @Test func `a wrong key is exit 71 within five seconds, and nothing is trained`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let started = ContinuousClock.now
        let container = try bundle.start(
            Trainer.program(),
            environment: Self.environment(server, run: "wrong").merging(["R2_SECRET_ACCESS_KEY": "not-the-key"]) { $1 },
            port: try Self.freePort())
        #expect(try await Self.finish(container) == 71, "\(container.printed)")
        #expect(ContinuousClock.now - started < .seconds(5))
        #expect(container.printed.contains("R2_SECRET_ACCESS_KEY"))
        #expect(!container.printed.contains("starting at"))
    }

    @Test func `a missing key is exit 78 before anything else`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let container = try bundle.start(
            Trainer.program(),
            environment: Self.environment(server, run: "missing").merging(["R2_SECRET_ACCESS_KEY": ""]) { $1 },
            port: try Self.freePort())
        #expect(try await Self.finish(container) == 78)
        #expect(container.printed.contains("cannot start the run: R2_SECRET_ACCESS_KEY is not set"))
    }

    @Test func `TERM reaches the trainer, and the container ends with 75`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program { program in
            program.stages[0].run = [
                "/bin/sh", "-c",
                """
                mkdir -p $DATA/ck; trap 'echo saving; echo w > $DATA/ck/model_7.bin; echo {} > $DATA/ck/meta_7.json; exit 0' TERM
                echo waiting; while true; do sleep 0.1; done
                """,
            ]
        }
        let container = try bundle.start(
            program, environment: Self.environment(server, run: "stopped"), port: try Self.freePort())
        _ = try await eventually { container.printed.contains("\nwaiting\n") ? true : nil }
        container.signal(15)
        #expect(try await Self.finish(container) == 75, "\(container.printed)")
        #expect(container.printed.contains("\nsaving\n"))
        let bucket = try BucketReader(server, run: "stopped")
        #expect(try await bucket.checkpoints() == ["7-1"])
        #expect(try await bucket.status()?.exitCode == 75)
    }

    @Test func `a trainer that ignores TERM is killed, and the container still ends in time`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program {
            $0.stages[0].run = ["/bin/sh", "-c", "trap '' TERM; echo waiting; while true; do sleep 0.1; done"]
        }
        let container = try bundle.start(
            program, environment: Self.environment(server, run: "stubborn").merging(["GRACE_SECONDS": "5"]) { $1 },
            port: try Self.freePort())
        _ = try await eventually { container.printed.contains("\nwaiting\n") ? true : nil }
        container.signal(15)
        #expect(try await Self.finish(container, within: 15) == 75, "\(container.printed)")
        #expect(try await BucketReader(server, run: "stubborn").status()?.exitCode == 75)
    }

    @Test func `when the S3 server dies in the middle, a second start completes`() async throws {
        let storage = try TemporaryFolder()
        let port = try Self.freePort()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program(steps: 6, delay: 0.7)
        var server: RcloneS3Server? = try await RcloneS3Server(storage: storage.path, port: port)
        let environment = Self.environment(try #require(server), run: "cut").merging(["DRAIN_SECONDS": "3"]) { $1 }
        let first = try bundle.start(program, environment: environment, port: try Self.freePort(), name: "first")
        let checkpoint = storage.path.appending("runs/test/cut/checkpoints/base/1-1/manifest.json")
        _ = try await eventually { FileSystem.exists(checkpoint) ? true : nil }
        server = nil
        #expect(try await Self.finish(first, within: 120) == 72, "\(first.printed)")
        let again = try await RcloneS3Server(storage: storage.path, port: port)
        let second = try bundle.start(program, environment: environment, port: try Self.freePort(), name: "second")
        #expect(try await Self.finish(second) == 0, "\(second.printed)")
        #expect(try await BucketReader(again, run: "cut").completion()?.attempt == 2)
    }

    @Test func `with KEEP_ALIVE the model is served behind the token, also by a start that trains nothing`()
        async throws
    {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.debian)
        let program = Trainer.program { program in
            program.serve = Program.Serve(
                run: [
                    "python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", "/data/work/final",
                    "${SERVE_PORT}",
                ], ready: "/model.bin")
        }
        let environment = Self.environment(server, run: "served").merging(["KEEP_ALIVE": "true"]) { $1 }
        for name in ["first", "second"] {
            let port = try Self.freePort()
            let container = try bundle.start(program, environment: environment, port: port, name: name)
            let site = LiveSiteReader(port: port, token: Self.token)
            let stranger = LiveSiteReader(port: port, token: nil)
            let early = try await eventually { try await site.get("/model.bin") }
            #expect(early?.status == 503 || early?.status == 200)
            let weights = try await eventually(within: 60) { try await site.text("/model.bin") }
            #expect(weights == "served weights of step 5\n", "\(container.printed)")
            #expect(try await stranger.get("/model.bin")?.status == 401)
            #expect(try await stranger.get("/")?.status == 200)
            #expect(try await stranger.get("/healthz")?.status == 200)
            #expect(try await site.text("/")?.contains("model.bin") == true)
            let bucket = try BucketReader(server, run: "served")
            let isServing = try await eventually(within: 15) { try await bucket.status()?.phase == .serve ? true : nil }
            #expect(isServing == true)
            #expect(container.printed.contains("starting at 0") == (name == "first"))
            container.signal(15)
            #expect(try await Self.finish(container) == 0, "\(container.printed)")
            // A new machine has an empty disk.
            try FileSystem.removeTree(bundle.data.appending("work"))
        }
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
            program, environment: Self.environment(server, run: "kept"), port: try Self.freePort())
        #expect(try await Self.finish(container) == 0, "\(container.printed)")
        let bucket = try BucketReader(server, run: "kept")
        // Each second one and the last; of these four the oldest went again.
        #expect(try await bucket.checkpoints() == ["4-1", "6-1", "7-1"])
        #expect(try await bucket.store.list(bucket.layout.checkpoint(stage: "base", step: 2, attempt: 1)).isEmpty)
        // On the disk only what is in the bucket may go.
        let left = try FileSystem.names(in: bundle.data.appending("work/ck")).map(\.string)
        let models = [1, 3, 5, 7].map { "model_00000\($0).bin" }
        #expect(Set(left.filter { $0.hasPrefix("model") }).subtracting(["model_000002.bin"]) == Set(models))
    }

    @Test func `a finished stage is skipped on another machine, and its outputs are there`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program(steps: 6, delay: 1) { program in
            var stage = Program.Stage(
                name: "prepare", run: ["/bin/sh", "-c", "mkdir -p $DATA/tok/deep; echo words > $DATA/tok/deep/a"])
            stage.outputs = ["tok/*"]
            program.stages.insert(stage, at: 0)
            program.stages[1].run = ["/bin/sh", "-c", "cat $DATA/tok/deep/a; exec /train \"$@\"", "sh"]
        }
        let environment = Self.environment(server, run: "staged")
        let first = try bundle.start(program, environment: environment, port: try Self.freePort(), name: "first")
        let bucket = try BucketReader(server, run: "staged")
        _ = try await eventually { try await bucket.checkpoints().isEmpty ? nil : true }
        try await bundle.kill()
        #expect(try await Self.finish(first) != 0)
        try FileSystem.removeTree(bundle.data.appending("work"))
        let second = try bundle.start(program, environment: environment, port: try Self.freePort(), name: "second")
        #expect(try await Self.finish(second) == 0, "\(second.printed)")
        #expect(second.printed.contains("caas: stage prepare was finished by an earlier attempt"))
        #expect(second.printed.contains("\nwords\n") && !second.printed.contains("starting at 0"))
        #expect(try await bucket.completion()?.attempt == 2)
    }

    @Test func `orphans are reaped`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program {
            $0.stages[0].run = [
                "/bin/sh", "-c",
                """
                for i in 1 2 3 4 5; do (setsid sh -c 'sleep 0.3' &) ; done
                sleep 1.5; grep -h '^State:.Z' /proc/[0-9]*/status | wc -l | sed 's/^/zombies: /'; exec /train
                """,
            ]
        }
        let container = try bundle.start(
            program, environment: Self.environment(server, run: "orphans"), port: try Self.freePort())
        #expect(try await Self.finish(container) == 0, "\(container.printed)")
        #expect(container.printed.contains("\nzombies: 0\n"), "\(container.printed)")
    }

    @Test func `a container that sees a later start of its run stops`() async throws {
        let server = try await RcloneS3Server()
        let first = try await EntrypointBundle(.scratch)
        let second = try await EntrypointBundle(.scratch)
        let environment = Self.environment(server, run: "twice")
        let old = try first.start(
            Trainer.program(steps: 100, delay: 1), environment: environment, port: try Self.freePort())
        _ = try await eventually { old.printed.contains("\nstarting at 0\n") ? true : nil }
        let new = try second.start(Trainer.program(), environment: environment, port: try Self.freePort())
        #expect(try await Self.finish(new) == 0, "\(new.printed)")
        #expect(try await Self.finish(old) == 75, "\(old.printed)")
        let status = try await BucketReader(server, run: "twice").status()
        #expect(status?.attempt == 2 && status?.phase == .complete)
    }

    @Test func `caas-entrypoint knows nothing of Foundation`() async throws {
        let program = Checkout.program("caas-entrypoint")
        let libraries = try await Command("readelf", ["-d", program]).succeed()
        #expect(libraries.contains("$ORIGIN") && !libraries.contains("Foundation"))
        let symbols = try await Command("nm", [program]).succeed()
        #expect(!symbols.contains("10Foundation"), "a symbol is mangled with the module Foundation")
    }
}
