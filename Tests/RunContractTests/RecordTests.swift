import Hashing
import JSON
import RunContract
import Testing

struct RecordTests {
    static func file(_ path: String = "d24/model.pt", _ attributes: FileAttributes? = nil) throws -> FileRecord {
        FileRecord(
            path: try #require(RelativePath(path)), key: "r/checkpoints/base/5-1/d24/model.pt", size: 40, partSize: 16,
            parts: ["aa", "bb", "cc"], uploadToken: "t", attributes: attributes)
    }

    static func tree() throws -> TreeRecord {
        let path = try #require(RelativePath("a/link"))
        let link = try #require(TreeRecord.Link(path: path, target: Array("../d24/model.pt".utf8)))
        let folder = TreeRecord.Folder(
            path: try #require(RelativePath([0x62, 0xFF])), attributes: FileAttributes(mode: 0o2700, modified: -1))
        return TreeRecord(links: [link], folders: [folder])
    }

    @Test func `a checkpoint's manifest survives its JSON form`() throws {
        var manifest = FolderManifest(
            stage: "base", step: 5, stepText: "000005", attempt: 1, save: 2, image: "sha256:1",
            created: "2026-01-02T03:04:05Z",
            files: [try Self.file("d24/model.pt", FileAttributes(mode: 0o755, modified: 1_732_826_400_123_456_789))],
            tree: try Self.tree())
        manifest.patterns = ["a/*"]
        manifest.gap = "a reason"
        #expect(try FolderManifest(json: JSONValue(parsing: manifest.json.encoded()), below: "r/") == manifest)
    }

    @Test func `a completion record survives its JSON form`() throws {
        let record = CompletionRecord(
            run: "demo-1", attempt: 2, image: "", started: "a", finished: "b", exitStatus: 0, costUSD: 12.5,
            metrics: ["loss": "2.5"],
            artifacts: [.init(into: "model", files: [try Self.file()], tree: try Self.tree())])
        #expect(try CompletionRecord(json: JSONValue(parsing: record.json.encoded()), below: "r/") == record)
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
    func `a file whose path leaves its folder is refused`(path: String) throws {
        var json = try Self.file().json
        json["path"] = .string(path)
        #expect(throws: JSONError.self) { try FileRecord(json: json, below: "r/") }
        json["path_base64"] = .string(Array(path.utf8).base64)
        #expect(throws: JSONError.self) { try FileRecord(json: json, below: "r/") }
    }

    @Test(arguments: ["other/secret.bin", "r", "rx/model.pt", "r/../other/secret.bin", "", "/r/x"])
    func `a record's object is one of its run`(key: String) throws {
        var json = try Self.file().json
        json["key"] = .string(key)
        #expect(throws: JSONError.self) { try FileRecord(json: json, below: "r/") }
        let manifest = FolderManifest(
            stage: "s", step: nil, stepText: nil, attempt: 1, image: "", created: "", files: [try Self.file()])
        var outer = manifest.json
        outer["files"] = [json]
        #expect(throws: JSONError.self) { try FolderManifest(json: outer, below: "r/") }
        var completion = CompletionRecord(
            run: "r", attempt: 1, image: "", started: "", finished: "", exitStatus: 0, costUSD: nil, metrics: [:],
            artifacts: []
        ).json
        completion["artifacts"] = [["into": "model", "files": [json]]]
        #expect(throws: JSONError.self) { try CompletionRecord(json: completion, below: "r/") }
    }

    /// Trees with invalid links or folders, also in combination with the folder's files.
    static let hostileTrees: [JSONValue] = [
        ["links": [link("a", "/etc/passwd")]], ["links": [link("a", "../x")]], ["links": [link("a/b", "../../x")]],
        ["links": [link("a", "x/../../y")]], ["links": [link("a", "")]], ["links": [link("../a", "x")]],
        // A duplicate link, a file behind a link, a link with a file's path, and a target that passes through another
        // link.
        ["links": [link("a", "x"), link("a", "y")]], ["links": [link("d24", "x")]],
        ["links": [link("d24/model.pt", "x")]],
        ["links": [link("a", "x"), link("b", "a/../y")]],
        ["folders": [["path": "a", "mode": "7777", "modified": "0"]]],
        ["folders": [["path": "..", "mode": "0755", "modified": "0"]]], ["folders": [["path": "a"]]],
    ]

    private static func link(_ path: String, _ target: String) -> JSONValue {
        ["path": .string(path), "target_base64": .string(Array(target.utf8).base64)]
    }

    @Test(arguments: hostileTrees) func `a link that leads out, or through another, is refused`(_ tree: JSONValue)
        throws
    {
        var json = FolderManifest(
            stage: "s", step: nil, stepText: nil, attempt: 1, image: "", created: "", files: [try Self.file()]
        ).json
        for name in ["links", "folders"] { json[name] = tree[name] ?? .null }
        #expect(throws: JSONError.self) { try FolderManifest(json: json, below: "r/") }
    }

    @Test func `two files of one path are refused`() throws {
        let manifest = FolderManifest(
            stage: "s", step: nil, stepText: nil, attempt: 1, image: "", created: "",
            files: [try Self.file(), try Self.file()])
        #expect(throws: JSONError.self) { try FolderManifest(json: manifest.json, below: "r/") }
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

    /// Whoever adds up the files of a record must get a number.
    @Test(arguments: ["size", "part_size"], [-1, Int.max])
    func `a file of more bytes than any has is refused`(member: String, bytes: Int) throws {
        var json = try Self.file().json
        json[member] = .integer(bytes)
        #expect(throws: JSONError("'size' or 'part_size' is no number of bytes")) {
            try FileRecord(json: json, below: "r/")
        }
    }
}
