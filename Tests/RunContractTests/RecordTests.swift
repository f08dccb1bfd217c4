import JSON
import RunContract
import Testing

struct RecordTests {
    static let file = FileRecord(
        path: "d24/model.pt", key: "r/checkpoints/base/5-1/d24/model.pt", size: 40, partSize: 16,
        parts: ["aa", "bb", "cc"], uploadToken: "t")

    @Test func `a checkpoint's manifest survives its JSON form`() throws {
        let manifest = FolderManifest(
            stage: "base", step: 5, stepText: "000005", attempt: 1, image: "sha256:1", created: "2026-01-02T03:04:05Z",
            files: [Self.file])
        #expect(try FolderManifest(json: JSONValue(parsing: manifest.json.encoded())) == manifest)
    }

    @Test func `a completion record survives its JSON form`() throws {
        let record = CompletionRecord(
            run: "demo-1", attempt: 2, image: "", started: "a", finished: "b", exitStatus: 0, costUSD: 12.5,
            metrics: ["loss": "2.5"], artifacts: [.init(into: "model", files: [Self.file])])
        #expect(try CompletionRecord(json: JSONValue(parsing: record.json.encoded())) == record)
    }

    @Test func `a status survives its JSON form`() throws {
        var status = RunStatus(run: "demo-1", attempt: 1, instance: "i", started: "s")
        status.phase = .failed
        status.reason = "the trainer ended with 3"
        status.exitCode = 3
        status.stage = "base"
        status.step = 500
        status.metrics = ["loss": "2.5"]
        status.checkpoints = ["base/500"]
        status.queuedBytes = 7
        #expect(try RunStatus(json: JSONValue(parsing: status.json.encoded())) == status)
    }

    @Test(arguments: ["../x", "/x", "a/../b", "a//b", "", ".", "a/."])
    func `a file whose path leaves its folder is refused`(path: String) {
        var json = Self.file.json
        json["path"] = .string(path)
        #expect(throws: JSONError.self) { try FileRecord(json: json) }
    }

    @Test(arguments: [
        ("R2_SECRET_ACCESS_KEY", true, true), ("WANDB_API_KEY", true, true), ("HF_TOKEN", true, true),
        ("R2_BUCKET_NAME", false, true), ("AWS_REGION", false, true), ("WANDB_RUN", false, false),
        ("KEYBOARD", false, false), ("DB_PASSWORD", true, true),
    ])
    func `names tell what is secret and what no image may hold`(name: String, secret: Bool, refused: Bool) {
        #expect(EnvironmentName.looksSecret(name) == secret)
        #expect(EnvironmentName.isRefusedInImages(name) == refused)
    }
}
