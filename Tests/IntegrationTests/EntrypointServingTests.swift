import ObjectStorage
import RunContract
import TestSupport
import Testing

/// Tests of the model server of a completed run.
@Suite(.serialized) struct EntrypointServingTests {
    @Test func `a server that cannot start ends with its last lines as the reason`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let program = Trainer.program(steps: 1) { program in
            program.serve = .init(run: [
                "/bin/sh", "-c", "echo importing; echo \"No module named 'torhc'\" >&2; exit 1",
            ])
        }
        var environment = EntrypointRun.environment(server, run: "unservable")
        environment["KEEP_ALIVE"] = "true"
        let container = try bundle.start(program, environment: environment, port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(container, within: 120) == 1, "\(container.printed)")
        let bucket = try BucketReader(server, run: "unservable")
        #expect(try await bucket.completion() != nil)
        let status = try #require(try await bucket.status())
        #expect(status.phase == .failed)
        #expect(
            status.reason
                == "the model server was never ready and ended 3 times within seconds with exit status 1: "
                + "importing | No module named 'torhc'")
    }

    @Test func `a machine that only serves brings back what serving needs, and says what is not there`() async throws {
        let server = try await RcloneS3Server()
        let environment = EntrypointRun.environment(server, run: "served").merging(["KEEP_ALIVE": "true"]) { $1 }
        func program(_ needs: [String]) -> Program {
            Trainer.program(steps: 1) { program in
                program.stages[0].run = [
                    "/bin/sh", "-c",
                    "mkdir -p $DATA/final $DATA/tok && for f in final/model.bin tok/a tok/b big; do echo $f >$DATA/$f; done",
                ]
                program.stages[0].checkpoints = nil
                program.stages[0].outputs = ["tok", "big"]
                program.serve = .init(run: ["/bin/sh", "-c", "cd $DATA && find -type f | sort; exit 1"], needs: needs)
            }
        }
        let first = try await EntrypointBundle(.scratch)
        let trained = try first.start(program([]), environment: environment, port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(trained, within: 120) == 1, "\(trained.printed)")
        let second = try await EntrypointBundle(.scratch)
        let needs = ["final", "tok/a"]
        let serving = try second.start(program(needs), environment: environment, port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(serving, within: 120) == 1, "\(serving.printed)")
        #expect(serving.printed.contains("\n./final/model.bin\n./tok/a\n"), "\(serving.printed)")
        #expect(!serving.printed.contains("./tok/b") && !serving.printed.contains("./big"), "\(serving.printed)")
        let third = try await EntrypointBundle(.scratch)
        let wrong = try third.start(program(["nought"]), environment: environment, port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(wrong) == 76, "\(wrong.printed)")
        #expect(wrong.printed.contains("nothing that the run left matches serve.needs 'nought'"), "\(wrong.printed)")
    }

    @Test func `inputs are verified, and a run without them says so before it trains`() async throws {
        let server = try await RcloneS3Server()
        let base = try await EntrypointBundle(.scratch)
        let first = try base.start(
            Trainer.program(steps: 1), environment: EntrypointRun.environment(server, run: "base-1"),
            port: try EntrypointRun.freePort())
        #expect(try await EntrypointRun.finish(first) == 0, "\(first.printed)")

        let bundle = try await EntrypointBundle(.scratch)
        func start(_ run: String, from input: Program.Input) async throws -> (code: Int, status: RunStatus?) {
            let program = Trainer.program(steps: 1) { program in
                program.requires = ["BASE_RUN"]
                program.inputs = [input]
                program.stages[0].run = [
                    "/bin/sh", "-c", "mkdir -p $DATA/final && cp $DATA/base/model.bin $DATA/final/",
                ]
                program.stages[0].checkpoints = nil
            }
            var environment = EntrypointRun.environment(server, run: run)
            environment["BASE_RUN"] = "base-1"
            let container = try bundle.start(program, environment: environment, port: try EntrypointRun.freePort())
            let code = try await EntrypointRun.finish(container)
            return (code, try await BucketReader(server, run: run).status())
        }
        let taken = try await start("taken", from: .init(run: "${BASE_RUN}", artifact: "model", into: "base"))
        #expect(taken.code == 0, "\(taken.status?.reason ?? "")")
        let record = try #require(try await BucketReader(server, run: "taken").completion())
        #expect(record.inputs == [.init(run: "base-1", attempt: 1, artifact: "model")])
        let missing = [
            (
                Program.Input(run: "none-1", artifact: "model"),
                "it is not complete: there is no test/none-1/complete.json"
            ),
            (Program.Input(run: "${BASE_RUN}", artifact: "report"), "that run has model"),
        ]
        for (index, (input, reason)) in missing.enumerated() {
            let refused = try await start("refused-\(index)", from: input)
            #expect(refused.code == 71)
            #expect(refused.status?.reason.hasPrefix("cannot take artifact '\(input.artifact)' of run ") == true)
            #expect(refused.status?.reason.contains(reason) == true, "\(refused.status?.reason ?? "")")
        }
        // Delete an object of the other run.
        try await BucketReader(server, run: "base-1").store.delete("test/base-1/artifacts/1/model/model.bin")
        let gone = try await start("gone", from: .init(run: "base-1", artifact: "model"))
        #expect(gone.code == 71)
        #expect(gone.status?.reason.contains("test/base-1/artifacts/1/model/model.bin is missing") == true)
    }
}
