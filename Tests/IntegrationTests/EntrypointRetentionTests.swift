import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Checkpoints in the bucket that go, and those that must not.
struct EntrypointRetentionTests {
    @Test func `a checkpoint that others removed from the bucket is not one of those that stay`() async throws {
        var run = try HostRun(
            "removed",
            """
            mkdir -p $DATA/ck
            for step in 1 2 3; do
                echo weights >$DATA/ck/model_$step.bin; echo m >$DATA/ck/meta_$step.json
                until [ -e $DATA/after$step ]; do sleep .1; done
            done
            """)
        run.program.stages[0].checkpoints?.keepRemote = 2
        run.program.artifacts = []
        let container = try run.start()
        let layout = run.bucket.layout
        for step in 1...3 {
            _ = try await eventually {
                container.printed.contains("uploaded checkpoint base/\(step)") || container.status != nil ? true : nil
            }
            if step == 2 {
                try await run.bucket.store.delete(
                    layout.manifest(of: layout.checkpoint(stage: "base", step: 2, attempt: 1)))
            }
            try FileSystem.write([UInt8](), to: run.data.appending("after\(step)"))
        }
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        #expect(try await run.bucket.checkpoints() == ["1-1", "3-1"], "\(container.printed)")
        #expect(container.printed.contains("checkpoint base/2 is gone from the bucket"), "\(container.printed)")
    }

    @Test func `a checkpoint that arrived without an answer stays, also where its files change then`() async throws {
        var run = try HostRun(
            "unanswered",
            """
            mkdir -p $DATA/ck
            echo weights >$DATA/ck/model_1.bin; echo m >$DATA/ck/meta_1.json
            until [ -e $DATA/change ]; do sleep .1; done; echo more >>$DATA/ck/model_1.bin
            until [ -e $DATA/end ]; do sleep .1; done
            """)
        run.program.artifacts = []
        let server = try await RcloneS3Server()
        let proxy = try await FaultProxy(server.endpoint) { request in
            request.method == "PUT" && request.target.contains("1-1.manifest.json") ? .loseAnswer : .none
        }
        run.environment.merge(server.environment) { $1 }
        run.environment["R2_ENDPOINT_URL"] = proxy.endpoint
        let container = try run.start()
        func count(_ text: String) -> Int { container.printed.ranges(of: text).count }
        _ = try await eventually(within: 120) { count("cannot upload checkpoint base/1 yet") > 0 ? true : nil }
        try FileSystem.write([UInt8](), to: run.data.appending("change"))
        // Once as it was in the bucket, and once as the trainer has changed it.
        _ = try await eventually(within: 120) { count("uploaded checkpoint base/1:") == 2 ? true : nil }
        #expect(count("uploaded checkpoint base/1:") == 2, "\(container.printed)")
        try FileSystem.write([UInt8](), to: run.data.appending("end"))
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
    }
}
