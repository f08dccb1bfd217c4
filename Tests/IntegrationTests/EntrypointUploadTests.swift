import JSON
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Tests of a container that is killed during an upload and started again with the same disk.
@Suite(.serialized) struct EntrypointUploadTests {
    /// Writes one checkpoint of 40 MiB and waits to be killed; after a resume, writes the next one and ends.
    private static let trainer = """
        #!/bin/sh
        mkdir -p "$DATA/ck" "$DATA/final"
        step=0
        for argument in "$@"; do case "$argument" in --resume=*) step=${argument#--resume=} ;; esac; done
        echo "starting at $step"
        if [ "$step" = 0 ]; then
            head -c 41943040 /dev/urandom > "$DATA/ck/model_000001.bin"
            echo '{"step": 1}' > "$DATA/ck/meta_000001.json"
            count=0
            while [ -d "/proc/$PPID" ] && [ "$count" -lt 120 ]; do sleep 0.5; count=$((count + 1)); done
            exit 9
        fi
        echo weights > "$DATA/ck/model_000002.bin"
        echo '{"step": 2}' > "$DATA/ck/meta_000002.json"
        cp "$DATA/ck/model_000002.bin" "$DATA/final/model.bin"
        """

    @Test func `a bucket with an authority of its own is trusted where AWS_CA_BUNDLE names that`() async throws {
        let authority = try await CertificateAuthority()
        let server = try await RcloneS3Server(certificate: try await authority.issue("server", for: "IP:127.0.0.1"))
        let folder = try TemporaryFolder()
        try folder.write(
            "train", "#!/bin/sh\nmkdir -p \"$DATA/final\"\necho weights > \"$DATA/final/model.bin\"\n", mode: 0o755)
        var program = Trainer.program { program in
            program.stages[0].run = [folder("train").string]
            program.stages[0].checkpoints = nil
            program.artifacts = [Program.Artifact(from: "final", into: "model")]
        }
        program.data = folder("data").string
        try FileSystem.write(program.json.encoded(), to: folder("program.json"))
        for (run, bundle) in [("stranger", nil), ("trusted", authority.certificate.string)] {
            var environment = EntrypointRun.environment(server, run: run)
            environment["AWS_CA_BUNDLE"] = bundle
            environment["BIND_ADDRESS"] = "127.0.0.1"
            environment["PORT"] = String(try EntrypointRun.freePort())
            let program = try RunningProgram(
                Checkout.program("caas-entrypoint"), [folder("program.json").string],
                environment: environment.mapValues { Optional($0) }, log: folder("\(run).log"))
            let status = try await EntrypointRun.finish(program)
            #expect(status == (bundle == nil ? 71 : 0), "\(program.printed)")
            if bundle == nil { #expect(program.printed.contains("certificate"), "\(program.printed)") }
        }
        let listed = try await Command("find", [server.storage.string, "-name", "complete.json"]).succeed()
        #expect(listed.split(separator: "\n").count == 1 && listed.contains("trusted"))
    }

    @Test func `no byte of a file leaves twice, whatever the file is and whoever restored it`() async throws {
        let server = try await SwiftS3Server()
        let sent = Mutex(0)
        let proxy = try await FaultProxy(server.endpoint) { request in
            if request.method == "PUT", request.headers["x-amz-copy-source"] == nil {
                sent.withLock { $0 += request.headers["content-length"].flatMap { Int($0) } ?? 0 }
            }
            return .none
        }
        var run = try HostRun(
            "twice",
            """
            mkdir -p $DATA/ck $DATA/final; head -c 20000000 /dev/urandom >$DATA/final/model.bin
            ln $DATA/final/model.bin $DATA/ck/model_1.bin; echo m >$DATA/ck/meta_1.json
            """)
        run.program.stages[0].outputs = ["final/*"]
        run.program.stages.append(HostRun.stage("end", "cksum <$DATA/final/model.bin; [ $ATTEMPT != 1 ]"))
        run.environment.merge(server.environment) { $1 }
        run.environment["R2_ENDPOINT_URL"] = proxy.endpoint
        _ = try await run.finish("first", with: 1)
        let content = try FileSystem.read(run.data.appending("final/model.bin"))
        try run.loseDisk()
        let printed = try await run.finish("second")
        #expect((20_000_000...21_000_000).contains(sent.withLock { $0 }), "\(printed)")
        let reader = try BucketReader(server, run: "twice")
        let artifact = try #require(try await reader.completion()?.artifacts.first?.files.first)
        #expect(artifact.key.contains("/artifacts/"))
        #expect(try await reader.store.get(artifact.key, limit: 32 << 20) == content, "\(printed)")
        #expect(try await reader.checkpoints() == ["1-1"])
    }

    @Test func `after kill -9 in an upload the next start trains on from that checkpoint and finishes the upload`()
        async throws
    {
        let server = try await RcloneS3Server()
        let folder = try TemporaryFolder()
        try folder.write("train", Self.trainer, mode: 0o755)
        var program = Trainer.program { program in
            program.stages[0].run = [folder("train").string]
            program.artifacts = [Program.Artifact(from: "final", into: "model")]
        }
        program.data = folder("data").string
        try FileSystem.write(program.json.encoded(), to: folder("program.json"))
        var environment = EntrypointRun.environment(server, run: "killed")
        environment["UPLOAD_BYTES_PER_SECOND"] = String(8 << 20)
        environment["BIND_ADDRESS"] = "127.0.0.1"
        func start(_ name: String) throws -> RunningProgram {
            environment["PORT"] = String(try EntrypointRun.freePort())
            return try RunningProgram(
                Checkout.program("caas-entrypoint"), [folder("program.json").string],
                environment: environment.mapValues { Optional($0) }, log: folder("\(name).log"))
        }
        let bucket = try BucketReader(server, run: "killed")
        let first = try start("first")
        let uploads = folder("data/.caas/uploads")
        let isUnderWay = try await eventually { (try? FileSystem.names(in: uploads))?.isEmpty == false ? true : nil }
        try #require(isUnderWay == true, "\(first.printed)")
        try await Task.sleep(for: .seconds(2))
        first.signal(9)
        _ = try await eventually { first.status }
        #expect(try await bucket.checkpoints().isEmpty, "it was not over yet")
        let second = try start("second")
        #expect(try await EntrypointRun.finish(second) == 0, "\(second.printed)")
        #expect(second.printed.contains("checkpoint base/1 of attempt 1 is whole on this disk; its upload goes on"))
        #expect(second.printed.contains("\nstarting at 1\n"), "\(second.printed)")
        #expect(try await bucket.checkpoints() == ["1-1", "2-2"])
        #expect(try FileSystem.names(in: uploads).isEmpty)
        #expect(try FileSystem.names(in: folder("data/.caas/checkpoints")).isEmpty)
        #expect(try await bucket.completion()?.attempt == 2)
    }
}
