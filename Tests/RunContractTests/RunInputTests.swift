import JSON
import RunContract
import Testing
import Wording

struct RunInputTests {
    private let input: RunInput
    private let layout: BucketLayout

    init() throws {
        var program = Program(name: "p", data: "/data")
        program.inputs = [.init(run: "base-1", artifact: "model")]
        input = try program.inputs { _ in nil }[0]
        layout = BucketLayout(prefix: "team", run: input.run)
    }

    private func record(
        run: String = "base-1", into: String = "model", key: String = "team/base-1/artifacts/1/model/w"
    ) throws -> CompletionRecord {
        let file = FileRecord(
            path: try #require(RelativePath("w")), key: key, size: 1, partSize: 1, parts: ["00"], uploadToken: "t")
        return CompletionRecord(
            run: run, attempt: 1, image: "", started: "", finished: "", exitStatus: 0, costUSD: nil, metrics: [:],
            artifacts: [.init(into: into, files: [file])], inputs: [.init(run: "older-1", attempt: 2, artifact: "x")])
    }

    @Test(arguments: ["..", "a/../b", "a/../\u{301}b", "\u{600}/../b", "a/./\u{301}", "/\u{301}", "a//\u{301}", ""])
    func `an input goes nowhere but below the data folder`(_ into: String) throws {
        var program = Program(name: "p", data: "/data")
        program.inputs = [.init(run: "base-1", artifact: "model", into: into)]
        #expect(throws: Failure.self) { try program.inputs { _ in nil } }
    }

    @Test func `names that only look secret or ours to people's eyes are so by their bytes`() {
        #expect(EnvironmentName.looksSecret("\u{600}_KEY") && EnvironmentName.looksSecret("A_SECRET"))
        #expect(EnvironmentName.isEntrypointsOwn("R2_\u{301}X") && !EnvironmentName.isEntrypointsOwn("R\u{301}2_X"))
    }

    @Test func `an input is the artifact's files`() throws {
        #expect(try record().artifact(of: input).files.map(\.path.description) == ["w"])
    }

    @Test func `what is another run's, another artifact's or stands elsewhere is refused`() throws {
        let cases: [(CompletionRecord, String)] = [
            (try record(run: "other-1"), "its complete.json is of run other-1"),
            (try record(into: "report"), "that run has report"),
        ]
        for (record, reason) in cases {
            let error = #expect(throws: Failure.self) { try record.artifact(of: input) }
            #expect(error?.description == "cannot take artifact 'model' of run base-1: \(reason)")
        }
        let elsewhere = try record(key: "team/base-10/artifacts/1/model/w").json
        #expect(throws: JSONError.self) { try CompletionRecord(json: elsewhere, below: layout.root) }
    }

    @Test func `a record with inputs survives its JSON form, and one of an older entrypoint has none`() throws {
        let record = try record()
        #expect(try CompletionRecord(json: record.json, below: layout.root) == record)
        var older = record.json
        older["inputs"] = nil
        #expect(try CompletionRecord(json: older, below: layout.root).inputs.isEmpty)
    }
}
