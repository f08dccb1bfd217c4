import HTTP
import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests of the real entrypoint in real containers against real S3 servers.
@Suite(.serialized) struct EntrypointRunTests {
    @Test(arguments: EntrypointBundle.Root.allCases)
    func `a run trains, uploads and completes on any root file system`(_ root: EntrypointBundle.Root) async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(root)
        let run = "happy-\(root.rawValue)"
        let container = try bundle.start(
            Trainer.program(), environment: EntrypointRun.environment(server, run: run),
            port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
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
            Trainer.program(), environment: EntrypointRun.environment(server, run: "strict"),
            port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
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
            program, environment: EntrypointRun.environment(server, run: "nonsense"), port: try EntrypointRun.freePort()
        )
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        let environment = try FileSystem.read(bundle.data.appending("work/environment-base"))
        #expect(String(decoding: environment, as: UTF8.self).contains("LD_PRELOAD=/nonsense.so"))
    }

    @Test func `no secret shows anywhere`() async throws {
        let server = try await RcloneS3Server(secretAccessKey: "rclone-secret-of-this-test")
        let bundle = try await EntrypointBundle(.scratch)
        let secrets = [server.secretAccessKey, "wandb-secret-value", EntrypointRun.token]
        let program = Trainer.program(holdAt: 2) { program in
            program.passSecrets = ["WANDB_API_KEY"]
            program.stages[0].run = [
                "/bin/sh", "-c", "echo key $WANDB_API_KEY; cat /proc/1/environ; env; ls -l /proc/1/fd; exec /train",
            ]
        }
        let port = try EntrypointRun.freePort()
        let container = try bundle.start(
            program, environment: EntrypointRun.environment(server, run: "hidden"), port: port)
        let site = LiveSiteReader(port: port, token: EntrypointRun.token)
        let page = try await eventually {
            try await site.text("/.caas/page").flatMap { $0.contains("loss") ? $0 : nil }
        }
        let shown: [String?] = try await [
            page, site.text("/.caas/log"), site.text("/.caas/status.json"), site.text("/.caas/metrics"), site.text("/"),
        ]
        #expect(shown.allSatisfy { $0 != nil })
        try FileSystem.write([UInt8](), to: bundle.data.appending("go"))
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        let log = try await BucketReader(server, run: "hidden").log().joined(separator: "\n")
        #expect(log.contains("key <redacted>"))
        for secret in secrets {
            for text in shown + [container.printed, log] { #expect(!(text ?? "").contains(secret)) }
        }
        let seen = try FileSystem.read(bundle.data.appending("work/environment-base"))
        let children = String(decoding: seen, as: UTF8.self)
        #expect(!children.contains(server.secretAccessKey) && !children.contains(EntrypointRun.token))
        #expect(children.contains("WANDB_API_KEY=wandb-secret-value") && !children.contains("R2_"))
    }

    @Test func `a trainer that fails gives its exit code, and what it finished is in the bucket`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let container = try bundle.start(
            Trainer.program(delay: 1.5, failAt: 4), environment: EntrypointRun.environment(server, run: "failing"),
            port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 3, "\(container.printed)")
        let bucket = try BucketReader(server, run: "failing")
        #expect(try await bucket.checkpoints() == ["1-1", "2-1", "3-1"])
        #expect(try await bucket.completion() == nil)
        let status = try await bucket.status()
        #expect(status?.phase == .failed && status?.exitCode == 3)
        #expect(
            status?.reason == "stage base ended with exit status 3: the program failed; read the last lines of its log")
        #expect(try await bucket.log().contains("out of luck"))
    }

    @Test func `with ON_FAILURE=hold the reason stays on the page`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let port = try EntrypointRun.freePort()
        let container = try bundle.start(
            Trainer.program(failAt: 1),
            environment: EntrypointRun.environment(server, run: "held").merging(["ON_FAILURE": "hold"]) { $1 },
            port: port)
        let site = LiveSiteReader(port: port, token: EntrypointRun.token)
        let page = try await eventually {
            try await site.text("/.caas/page").flatMap { $0.contains("exit status 3") ? $0 : nil }
        }
        #expect(page?.contains("exit code 3") == true)
        try await Task.sleep(for: .seconds(1))
        #expect(container.status == nil)
        container.signal(15)
        #expect(try await EntrypointRun.finish(container) == 3, "\(container.printed)")
    }

    @Test func `a wrong key is exit 71 without another try, and nothing is trained`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let container = try bundle.start(
            Trainer.program(),
            environment: EntrypointRun.environment(server, run: "wrong").merging(["R2_SECRET_ACCESS_KEY": "not-the-key"]
            ) { $1 },
            port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 71, "\(container.printed)")
        #expect(!container.printed.contains(" yet: "), "\(container.printed)")
        #expect(container.printed.contains("R2_SECRET_ACCESS_KEY"))
        #expect(!container.printed.contains("starting at"))
    }

    @Test func `a missing key is exit 78 before anything else`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let container = try bundle.start(
            Trainer.program(),
            environment: EntrypointRun.environment(server, run: "missing").merging(["R2_SECRET_ACCESS_KEY": ""]) { $1 },
            port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 78)
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
            program, environment: EntrypointRun.environment(server, run: "stopped"), port: try EntrypointRun.freePort())
        _ = try await eventually { container.printed.contains("\nwaiting\n") ? true : nil }
        container.signal(15)
        #expect(try await EntrypointRun.finish(container) == 75, "\(container.printed)")
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
            program,
            environment: EntrypointRun.environment(server, run: "stubborn").merging(["GRACE_SECONDS": "5"]) { $1 },
            port: try EntrypointRun.freePort())
        _ = try await eventually { container.printed.contains("\nwaiting\n") ? true : nil }
        container.signal(15)
        #expect(try await EntrypointRun.finish(container, within: 15) == 75, "\(container.printed)")
        #expect(try await BucketReader(server, run: "stubborn").status()?.exitCode == 75)
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
        let environment = EntrypointRun.environment(server, run: "served").merging(["KEEP_ALIVE": "true"]) { $1 }
        for name in ["first", "second"] {
            let port = try EntrypointRun.freePort()
            let container = try bundle.start(program, environment: environment, port: port, name: name)
            let site = LiveSiteReader(port: port, token: EntrypointRun.token)
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
            #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
            // A new machine has an empty disk.
            try FileSystem.removeTree(bundle.data.appending("work"))
        }
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
            program, environment: EntrypointRun.environment(server, run: "orphans"), port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        #expect(container.printed.contains("\nzombies: 0\n"), "\(container.printed)")
    }

    @Test func `caas-entrypoint knows nothing of Foundation`() async throws {
        let program = Checkout.program("caas-entrypoint")
        let symbols = try await Command("nm", [program]).succeed()
        #expect(!symbols.contains("10Foundation"), "a symbol is mangled with the module Foundation")
    }
}
