import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests of a container that lacks a resource during training: PID 1 stays, reports the shortage, and loses nothing.
@Suite(.serialized) struct EntrypointShortageTests {
    /// Uses only shell builtins, which work where no process can be started any more.
    private static let withoutForks = """
        save() {
            echo "weights of step $1" > "$DATA/ck/model_$1.bin"; echo "{}" > "$DATA/ck/meta_$1.json"
            echo "step $1/9 loss: 1.25"
            count=0; while [ $count -lt 100000 ]; do count=$((count + 1)); done
        }
        mkdir -p "$DATA/ck" "$DATA/final"
        """

    private static func stage(_ script: String, change: (inout Program) -> Void = { _ in }) -> Program {
        Trainer.program { program in
            program.stages[0].run = ["/bin/sh", "-c", withoutForks + "\n" + script]
            program.stages[0].resume = []
            change(&program)
        }
    }

    @Test(arguments: [(soft: 256, hard: 1024), (soft: 256, hard: 256)])
    func `strangers with thousands of connections cost a run nothing`(_ descriptors: (soft: Int, hard: Int))
        async throws
    {
        let count = ProcessEnvironment.value("CAASCTL_FLOOD").flatMap { Int($0) } ?? 2000
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let port = try EntrypointRun.freePort()
        let run = "flood-\(descriptors.hard)"
        // The stage saves checkpoints until the flood is over, and then ends.
        let program = Trainer.program(steps: 400, delay: 0.2) { program in
            program.stages[0].run = [
                "/bin/sh", "-c",
                "echo soft $(ulimit -n); grep open /proc/1/limits; /train & trainer=$!; until [ -e $DATA/over ]; do "
                    + "sleep 0.2; done; kill $trainer; wait; cp $DATA/ck/model_000001.bin $DATA/final/; "
                    + "cat /proc/1/task/*/comm",
            ]
            program.stages[0].resume = []
        }
        let container = try bundle.start(
            program, environment: EntrypointRun.environment(server, run: run), port: port,
            limits: EntrypointBundle.Limits(descriptors: descriptors))
        let site = LiveSiteReader(port: port, token: EntrypointRun.token)
        _ = try await eventually { try await site.text("/.caas/log").flatMap { $0.contains("step 1/") ? $0 : nil } }
        let outcome = try await Flood.run(port: port, count: count)
        #expect(outcome.output.contains("opened \(count) "), "\(outcome.output) \(outcome.errors)")
        let checkpoints = bundle.data.appending("work/ck")
        _ = try await eventually { try Self.saved(checkpoints) > 2 || container.status != nil ? true : nil }
        try FileSystem.write([UInt8](), to: bundle.data.appending("work/over"))
        #expect(try await EntrypointRun.finish(container, within: 300) == 0, "\(container.printed)")
        #expect(container.printed.contains("soft \(descriptors.soft)"))
        // Swift tasks run on the entrypoint's own threads; libdispatch would end the process when it gets no
        // descriptor.
        #expect(container.printed.contains("caas-tasks") && !container.printed.contains("qos"))
        let saved = try Self.saved(checkpoints)
        let bucket = try await BucketReader(server, run: run).checkpoints()
        #expect(saved > 2 && bucket.count == saved, "\(saved) \(bucket) \(container.printed)")
    }

    private static func saved(_ checkpoints: FilePath) throws -> Int {
        try FileSystem.names(in: checkpoints).filter { $0.string.hasPrefix("meta_") }.count
    }

    @Test(.enabled(if: CurrentUser.id == 0, "control groups are root's"))
    func `a trainer that takes every process there is loses no checkpoint`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Self.stage(
            """
            save 1
            (while :; do sleep 300 & done) 2> /dev/null
            for step in 2 3 4 5 6; do save $step; done
            echo end > "$DATA/final/model.bin"
            """)
        let container = try bundle.start(
            program, environment: EntrypointRun.environment(server, run: "processes"),
            port: try EntrypointRun.freePort(), limits: EntrypointBundle.Limits(processes: 100))
        #expect(try await EntrypointRun.finish(container, within: 120) == 0, "\(container.printed)")
        let bucket = try BucketReader(server, run: "processes")
        #expect(try await bucket.checkpoints().count == 6, "\(container.printed)")
        #expect(try await bucket.completion() != nil)
    }

    @Test(.enabled(if: CurrentUser.id == 0, "control groups are root's"))
    func `a stage that gets no process now is tried again, and that is said`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Self.stage(
            """
            save 1; echo end > "$DATA/final/model.bin"; echo ready
            until [ -e "$DATA/go" ]; do :; done
            """
        ) { program in
            program.stages.append(Program.Stage(name: "second", run: ["/bin/sh", "-c", "echo second"]))
        }
        let container = try bundle.start(
            program, environment: EntrypointRun.environment(server, run: "again"),
            port: try EntrypointRun.freePort(), limits: EntrypointBundle.Limits(processes: 100))
        _ = try await eventually { container.printed.contains("\nready\n") ? true : nil }
        try await bundle.limitProcesses(to: 1)
        try FileSystem.write([UInt8](), to: bundle.data.appending("work/go"))
        _ = try await eventually(within: 60) { container.printed.contains("trying again") ? true : nil }
        try await bundle.limitProcesses(to: 100)
        #expect(try await EntrypointRun.finish(container, within: 120) == 0, "\(container.printed)")
        #expect(container.printed.contains("pids.max") && container.printed.contains("\nsecond\n"))
        #expect(try await BucketReader(server, run: "again").checkpoints().count == 1)
    }

    @Test func `a full disk costs what was not saved, and nothing that was`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Self.stage(
            """
            set -e
            save 1; save 2; save 3; sleep 2
            until [ -e "$DATA/full" ]; do cat /dev/zero > "$DATA/filler" 2> /dev/null || break; done
            save 4
            """)
        let container = try bundle.start(
            program, environment: EntrypointRun.environment(server, run: "full"),
            port: try EntrypointRun.freePort(), limits: EntrypointBundle.Limits(dataSize: "2m"))
        #expect(try await EntrypointRun.finish(container, within: 120) == 1, "\(container.printed)")
        let bucket = try BucketReader(server, run: "full")
        #expect(try await bucket.checkpoints() == ["1-1", "2-1", "3-1"], "\(container.printed)")
        let status = try await bucket.status()
        #expect(status?.phase == .failed && status?.exitCode == 1, "\(container.printed)")
    }
}
