import RunContract
import Secrets
import Testing
import Timestamps
import Wording

struct BucketLayoutTests {
    @Test(arguments: [nil, "", "/", "runs", "/runs/", "a//b/"])
    func `slashes around a prefix do not matter`(prefix: String?) throws {
        let layout = BucketLayout(prefix: prefix, run: try RunID("demo-1"))
        let expected = ["runs": "runs/demo-1/", "/runs/": "runs/demo-1/", "a//b/": "a/b/demo-1/"]
        #expect(layout.root == expected[prefix ?? ""] ?? "demo-1/")
    }

    @Test func `every object of a run has its place`() throws {
        let layout = BucketLayout(prefix: "runs", run: try RunID("demo-1"))
        #expect(layout.status == "runs/demo-1/status.json")
        #expect(layout.completion == "runs/demo-1/complete.json")
        #expect(layout.log(attempt: 2, sequence: 17, suffix: "jsonl") == "runs/demo-1/logs/2-000017.jsonl")
        #expect(layout.checkpoint(stage: "base", step: 500, attempt: 2) == "runs/demo-1/checkpoints/base/500-2/")
        #expect(layout.checkpoint(stage: "b", step: 5, attempt: 2, save: 3) == "runs/demo-1/checkpoints/b/5-2-3/")
        #expect(layout.manifest(of: "x/") == "x.manifest.json")
        #expect(layout.artifact(into: "model", attempt: 3) == "runs/demo-1/artifacts/3/model/")
    }

    static let manifests: [(key: String, folder: String?, isFormer: Bool)] = [
        ("r/7-1.manifest.json", "r/7-1/", false), ("r/7-1/manifest.json", "r/7-1/", true),
        ("r/7-1/deep/manifest.json", nil, false), ("r/7-1/x.manifest.json", nil, false),
        ("r/.manifest.json", nil, false),
        ("r/manifest.json", nil, false), ("other/7-1.manifest.json", nil, false), ("r/7-1/model.bin", nil, false),
    ]

    @Test(arguments: manifests)
    func `a manifest lies beside its folder, or in it where it is of an earlier version`(
        _ key: String, _ folder: String?, _ isFormer: Bool
    ) throws {
        let found = BucketLayout(prefix: nil, run: try RunID("demo-1")).folder(ofManifest: key, below: "r/")
        #expect(found?.folder == folder && (found?.isFormer ?? false) == isFormer)
    }

    @Test func `a run's id names program, moment and four random digits`() throws {
        let moment = Timestamp(seconds: 1_767_323_045)
        #expect(try RunID(name: "demo", at: moment, random: 0x00AB).description == "demo-20260102-030405-00ab")
    }

    @Test(arguments: ["", ".hidden", "a/b", "a b", "..", "é", String(repeating: "a", count: 129)])
    func `an id that would be unsafe in a key or a path is refused`(text: String) {
        #expect(throws: Failure.self) { try RunID(text) }
    }

    @Test func `a token depends on the key and on the run, and prints as nothing`() throws {
        let run = try RunID("demo-1")
        let token = StatusToken.make(for: run, key: [1, 2, 3])
        #expect(token.unredacted.utf8.count == 32)
        #expect(token == StatusToken.make(for: run, key: [1, 2, 3]))
        #expect(token != StatusToken.make(for: run, key: [1, 2, 4]))
        #expect(token != StatusToken.make(for: try RunID("demo-2"), key: [1, 2, 3]))
        #expect("\(token)" == "<redacted>")
    }
}
