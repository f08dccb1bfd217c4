import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// What a stage has left when it ends: files, and processes.
@Suite struct EntrypointStageEndTests {
    @Test func `a stage that left nothing of an output has failed, and a later start runs it again`() async throws {
        var run = try HostRun(
            "nothing", "echo stage ran; [ ! -e $DATA/now ] || { mkdir -p $DATA/final; echo m >$DATA/final/m; }")
        run.program.stages[0].outputs = ["final/*"]
        run.program.stages[0].checkpoints = nil
        let first = try run.start()
        #expect(try await EntrypointRun.finish(first) == 73, "\(first.printed)")
        #expect(first.printed.contains("left nothing that its output 'final/*' names"), "\(first.printed)")
        #expect(try await run.bucket.status()?.phase == .failed)
        try FileSystem.write([UInt8](), to: run.data.appending("now"))
        let second = try run.start()
        #expect(try await EntrypointRun.finish(second) == 0, "\(second.printed)")
        #expect(second.printed.contains("stage ran"), "\(second.printed)")
    }

    @Test func `an optional stage that fails keeps nothing from the bucket`() async throws {
        var run = try HostRun("optional", "mkdir -p $DATA/final; echo w >$DATA/final/model.bin")
        var evaluate = HostRun.stage("evaluate", "echo evaluating; exit 9")
        (evaluate.isOptional, evaluate.outputs) = (true, [])
        run.program.stages.append(evaluate)
        run.program.stages.append(HostRun.stage("report", "echo reported"))
        run.program.stages[2].outputs = []
        let printed = try await run.finish("first")
        #expect(printed.contains("stage evaluate is optional, and the run goes on"), "\(printed)")
        #expect(printed.contains("\nreported\n"), "\(printed)")
        #expect(try await run.model() == ["model.bin": "w\n"])
    }

    @Test(
        arguments: [
            (["*.bin"], 0, nil), (["*.gguf"], 0, "no file of it is '*.gguf'"), (["**"], 2, nil),
            ([], 4096, "it has 2 bytes, and at least 4.0 KiB are expected"),
        ] as [([String], Int64, String?)])
    func `an artifact without what it must have ends the run, with all of it in the bucket`(
        _ files: [String], _ least: Int64, _ lack: String?
    ) async throws {
        var run = try HostRun(
            "lack-\(files.count)-\(least)-\(lack?.count ?? 0)", "mkdir -p $DATA/final; echo w >$DATA/final/model.bin")
        run.program.artifacts[0].files = files
        run.program.artifacts[0].least = least
        let container = try run.start()
        #expect(try await EntrypointRun.finish(container) == (lack == nil ? 0 : 72), "\(container.printed)")
        #expect(lack.map { container.printed.contains($0) } ?? true, "\(container.printed)")
        #expect(try await run.bucket.completion() != nil || lack != nil)
        let keys = try await run.bucket.store.list(run.bucket.layout.root).map(\.key)
        #expect(keys.contains { $0.hasSuffix("model.bin") }, "\(keys)")
    }

    @Test func `nothing that a stage has left lives on in the next, whatever its group and its signals`() async throws {
        var run = try HostRun("left", "mkdir -p $DATA/final; echo w >$DATA/final/model.bin")
        var first = HostRun.stage(
            "first",
            """
            for name in quiet deaf; do
                trap= ; [ $name = quiet ] || trap='trap "" TERM;'
                setsid sh -c "$trap echo \\$\\$ >$DATA/$name; while :; do sleep .2; done" >/dev/null 2>&1 &
            done
            until [ -s $DATA/quiet ] && [ -s $DATA/deaf ]; do sleep .1; done; exit 9
            """)
        (first.isOptional, first.outputs) = (true, [])
        run.program.stages.insert(first, at: 0)
        run.program.stages[1].run = [
            "/bin/sh", "-c",
            "for p in quiet deaf; do grep -q '^State:.[RSD]' /proc/$(cat $DATA/$p)/status 2>/dev/null && "
                + "echo alive: $p; done; mkdir -p $DATA/final; echo w >$DATA/final/model.bin",
        ]
        let printed = try await run.finish("first")
        #expect(!printed.contains("\nalive:"), "\(printed)")
        #expect(printed.contains("which SIGTERM does not end; they are killed"), "\(printed)")
    }

    @Test func `a stage that hangs without a word is ended, and the log says what it waits in`() async throws {
        var run = try HostRun("hang", "echo begun; sleep 600 & wait")
        run.program.stages[0].stall = 2
        run.program.stages[0].retries = 0
        let container = try run.start()
        #expect(try await EntrypointRun.finish(container) == 124, "\(container.printed)")
        #expect(container.printed.contains("printed nothing for 2 s and was ended"), "\(container.printed)")
        #expect(container.printed.contains("stage base: sleep ("), "\(container.printed)")
        #expect(try await run.bucket.status()?.reason.contains("printed nothing for 2 s") == true)
    }
}
