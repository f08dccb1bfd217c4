import JSON
import RunContract
import TestSupport
import Testing

/// Documents of a bucket that are damaged or hostile; CAASCTL_FUZZ_SECONDS makes the test run longer.
@Suite struct FuzzTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let sample: @Sendable () throws -> JSONValue
        /// Parses a document and returns its JSON form.
        let read: @Sendable (JSONValue) throws -> JSONValue
    }

    private static let status: RunStatus = {
        var status = RunStatus(run: "demo-1", attempt: 1, instance: "i", started: "2026-01-02T03:04:05Z")
        (status.phase, status.reason, status.exitCode) = (.failed, "the trainer ended with 3", 3)
        (status.stage, status.step, status.metrics) = ("base", 500, ["loss": "2.5"])
        (status.checkpoints, status.queuedBytes) = (["base/500"], 7)
        return status
    }()

    static let kinds = [
        Kind(
            testDescription: "manifest",
            sample: {
                try FolderManifest(
                    stage: "base", step: 5, stepText: "000005", attempt: 1, save: 2, image: "sha256:1", created: "2026",
                    files: [
                        RecordTests.file("a"), RecordTests.file("d24/b", FileAttributes(mode: 0o755, modified: 7)),
                    ],
                    tree: RecordTests.tree()
                ).json
            }, read: { try FolderManifest(json: $0, below: "").json }),
        Kind(
            testDescription: "complete.json",
            sample: {
                try CompletionRecord(
                    run: "demo-1", attempt: 2, image: "", started: "a", finished: "b", exitStatus: 0, costUSD: 12.5,
                    metrics: ["loss": "2.5"], artifacts: [.init(into: "model", files: [RecordTests.file()])]
                ).json
            }, read: { try CompletionRecord(json: $0, below: "").json }),
        Kind(testDescription: "status.json", sample: { status.json }, read: { try RunStatus(json: $0).json }),
        Kind(
            testDescription: "log", sample: { LogRecord(time: "t", source: "base", line: "loss 2.5").json },
            read: { json in
                let record = try LogRecord(json: json)
                // Any record shows as one line without terminal escapes that cannot be mistaken for the entrypoint's
                // own.
                let shown = record.shown
                try #require(!shown.unicodeScalars.contains("\n") && !shown.contains("\u{1B}]"))
                if record.source != LogRecord.entrypoint { try #require(!shown.hasPrefix("caas:")) }
                return record.json
            }),
    ]

    @Test(arguments: kinds) func `what is read is what is written again, and the rest is refused`(kind: Kind) throws {
        var accepted = 0
        var fuzzer = JSONFuzzer()
        try fuzzer.run { fuzzer, round in
            let document = fuzzer.damaged(try kind.sample())
            let understood: JSONValue
            do { understood = try kind.read(document) } catch let error as JSONError {
                #expect(!error.description.isEmpty)
                return
            }
            accepted += 1
            let again = try kind.read(JSONValue(parsing: understood.encoded()))
            if again != understood { Issue.record("round \(round): \(document.text)") }
        }
        // Optional members may be missing, so that some of the damaged documents are still valid.
        #expect(accepted > 0)
    }
}
