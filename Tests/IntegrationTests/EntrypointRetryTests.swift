import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Stages that fail and start again in the same container.
struct EntrypointRetryTests {
    private static let save = """
        mkdir -p $DATA/ck $DATA/final; echo start at $${RESUME_STEP:-0} from $${RESUME_PATH:-nothing}
        save() { echo weights $1 >$DATA/ck/model_$1.bin; echo m >$DATA/ck/meta_$1.json; }
        """

    private static func run(_ name: String, _ script: String, retries: Int?) throws -> HostRun {
        var run = try HostRun(name, save + "\n" + script)
        run.program.stages[0].retries = retries
        run.program.stages[0].checkpoints?.settle = 0
        return run
    }

    @Test func `a stage whose cause passes goes on from its newest checkpoint`() async throws {
        let run = try Self.run(
            "passes",
            """
            case "$${RESUME_STEP:-0}" in
              0) save 5; sleep 3; echo torn >$DATA/ck/model_6.bin; echo 'requests.exceptions.ConnectTimeout: timed out'; exit 1;;
              5) ls $DATA/ck; save 7; sleep 3; kill -9 $$;;
              7) echo w >$DATA/final/model.bin;;
            esac
            """, retries: nil)
        let printed = try await run.finish()
        #expect(printed.contains("starts again from checkpoint base/5 in 5 s: retry 1 of 2"), "\(printed)")
        #expect(printed.contains("a service does not answer: requests.exceptions.ConnectTimeout: timed out"))
        #expect(printed.contains("\nstart at 5 from \(run.data)/ck/model_5.bin\nmeta_5.json\nmodel_5.bin\n"))
        // The second failure comes after progress, and counts anew.
        #expect(printed.contains("starts again from checkpoint base/7 in 5 s: retry 1 of 2"))
        #expect(try await run.model() == ["model.bin": "w\n"])
        #expect(try await run.bucket.checkpoints() == ["5-1", "7-1"])
    }

    @Test func `what a stage was writing when it died is not what it goes on from, though all files are there`()
        async throws
    {
        var run = try Self.run(
            "torn",
            """
            case "$${RESUME_STEP:-0}" in
              0) save 5; sleep 6; save 6; kill -9 $$;;
              5) ls $DATA/ck; echo w >$DATA/final/model.bin;;
            esac
            """, retries: nil)
        run.program.stages[0].checkpoints?.settle = 3
        let printed = try await run.finish()
        #expect(
            printed.contains("\nstart at 5 from \(run.data)/ck/model_5.bin\nmeta_5.json\nmodel_5.bin\n"), "\(printed)")
    }

    @Test func `a stage without progress is given up, and the reason is the last one`() async throws {
        let run = try Self.run("gives-up", "echo 'ValueError: no'; exit 3", retries: 1)
        let printed = try await run.finish(with: 3)
        #expect(printed.contains("starts again from its beginning in 5 s: retry 1 of 1"), "\(printed)")
        let status = try await run.bucket.status()
        #expect(
            status?.reason
                == "stage base ended with exit status 3: the program failed: ValueError: no; read the last lines of its log"
        )
        #expect(status?.cause == "program")
    }

    @Test(arguments: [("ModuleNotFoundError: No module named 'x'", Int?(5)), ("ValueError: no", nil), ("Killed", 0)])
    func `what another start cannot mend gets none`(_ line: String, _ retries: Int?) async throws {
        let run = try Self.run("hopeless", "echo \"\(line)\"; exit 1", retries: retries)
        let printed = try await run.finish(with: 1)
        #expect(!printed.contains("starts again"), "\(printed)")
    }

    @Test func `a checkpoint that cannot be read gives way to the one before it`() async throws {
        let run = try Self.run(
            "damaged",
            """
            case "$${RESUME_STEP:-0}" in
              0) save 3; sleep 3; save 4; sleep 3; kill -9 $$;;
              4) echo 'RuntimeError: PytorchStreamReader failed reading zip archive'; exit 1;;
              3) ls $DATA/ck; echo w >$DATA/final/model.bin;;
            esac
            """, retries: nil)
        let printed = try await run.finish()
        #expect(
            printed.contains("\nstart at 3 from \(run.data)/ck/model_3.bin\nmeta_3.json\nmodel_3.bin\n"), "\(printed)")
    }

    @Test func `a request to stop ends the wait for a retry`() async throws {
        let run = try Self.run("stops", "echo Connection refused; exit 1", retries: nil)
        let container = try run.start()
        _ = try await eventually { container.printed.contains("starts again") ? true : nil }
        container.signal(15)
        #expect(try await EntrypointRun.finish(container) == 75, "\(container.printed)")
    }

    @Test func `a loss that is no number ends the stage, and no such checkpoint replaces a good one`() async throws {
        var run = try Self.run(
            "nan",
            """
            save 5; echo 'step 5 loss: 1.5'; sleep 3; echo 'step 6 loss: nan'; sleep 0.1; save 6; sleep 3
            while :; do echo 'step 7 loss: nan'; sleep 0.2; done
            """, retries: nil)
        run.program.stages[0].checkpoints?.keepRemote = 1
        let printed = try await run.finish(with: 124)
        #expect(printed.contains("checkpoint base/6 is left out: the loss was no number"), "\(printed)")
        #expect(try await run.bucket.checkpoints() == ["5-1"])
        let status = try await run.bucket.status()
        #expect(status?.cause == "non-finite" && status?.reason.contains("its loss is NaN or infinite") == true)
    }
}
