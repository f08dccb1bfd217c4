import Definitions
import Deployment
import HTTP
import JSON
import ObjectStorage
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

/// Tests against a real S3 server.
@Suite struct RunBucketTests {
    private let folder: TemporaryFolder
    private let server: RcloneS3Server
    private let store: S3Client
    private let bucket: RunBucket
    private let layout: BucketLayout
    private let run: RunID

    init() async throws {
        folder = try TemporaryFolder()
        server = try await RcloneS3Server()
        run = try RunID("demo-20260102-030405-00ff")
        var options = S3Client.Options()
        options.minimumPartSize = 5 << 20
        store = S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
            client: HTTPClient(), options: options)
        bucket = RunBucket(store: store, prefix: "team", run: run)
        layout = BucketLayout(prefix: "team", run: run)
    }

    /// Uploads as the container does: two files, one of them in parts, and then the completion record.
    private func finish() async throws -> [FileRecord] {
        try folder.write("large", String(repeating: "0123456789abcdef", count: 700_000))
        try folder.write("small", "hello")
        var records: [FileRecord] = []
        for (name, path) in [("large", "sub/large file.bin"), ("small", "small.txt")] {
            let key = layout.artifact(into: "model", attempt: 1) + path
            let object = try await store.upload(folder(name), to: key)
            records.append(
                FileRecord(
                    path: try #require(RelativePath(path)), key: key, size: object.size, partSize: object.partSize,
                    parts: object.parts,
                    uploadToken: object.uploadToken))
        }
        try await complete(records)
        return records
    }

    private func complete(_ records: [FileRecord], into: String = "model") async throws {
        let completion = CompletionRecord(
            run: run.description, attempt: 1, image: "", started: "2026-01-02T03:04:05Z",
            finished: "2026-01-02T03:05:05Z", exitStatus: 0, costUSD: nil, metrics: [:],
            artifacts: [CompletionRecord.Artifact(into: into, files: records)])
        try await store.put(layout.completion, completion.json.encoded(), contentType: "application/json")
    }

    @Test func `a run is fetched with every hash checked, and sha256sum agrees`() async throws {
        let records = try await finish()
        #expect(records[0].parts.count > 1)
        let target = folder("fetched")
        _ = try await bucket.fetch(into: target) { _ in }
        #expect(try FileSystem.read(target.appending("model/small.txt")) == Array("hello".utf8))
        #expect(
            try FileSystem.read(target.appending("model/sub/large file.bin")) == FileSystem.read(folder("large")))
        try await Command("sha256sum", ["--check", "--strict", "SHA256SUMS"], in: target).succeed()
    }

    @Test func `a second fetch takes only what is missing or wrong`() async throws {
        _ = try await finish()
        let target = folder("fetched")
        _ = try await bucket.fetch(into: target) { _ in }
        try FileSystem.write(Array("HELLO".utf8), to: target.appending("model/small.txt"))
        let said = SaidLines()
        _ = try await bucket.fetch(into: target) { said.add($0) }
        // Several files are downloaded at once, so either may be first.
        #expect(said.all.sorted() == ["model/small.txt: 5 bytes", "model/sub/large file.bin: there already"])
        try await Command("sha256sum", ["--check", "--strict", "SHA256SUMS"], in: target).succeed()
    }

    @Test func `a file that is not what was uploaded is not kept`() async throws {
        _ = try await finish()
        let stored = server.storage.appending(server.bucket).pushing(
            FilePath(layout.artifact(into: "model", attempt: 1) + "small.txt"))
        try FileSystem.write(Array("jello".utf8), to: stored)
        let target = folder("fetched")
        await #expect(throws: DeploymentError.self) { try await bucket.fetch(into: target) { _ in } }
        #expect(!FileSystem.exists(target.appending("model/small.txt")))
        #expect(!FileSystem.exists(target.appending("SHA256SUMS")))
    }

    @Test func `nothing is written outside of the folder`() async throws {
        let records = try await finish()
        for into in ["..", "a/b", ""] {
            try await complete(records, into: into)
            await #expect(throws: DeploymentError.self) { try await bucket.fetch(into: folder("fetched")) { _ in } }
        }
        try await complete(records)
        try FileSystem.makeFolder(folder("linked/model"))
        try FileSystem.makeFolder(folder("elsewhere"))
        try FileSystem.makeSymbolicLink(folder("linked/model/sub"), to: folder("elsewhere"))
        await #expect(throws: DeploymentError.self) { try await bucket.fetch(into: folder("linked")) { _ in } }
        #expect(try FileSystem.names(in: folder("elsewhere")).isEmpty)
    }

    @Test func `a run is verified only if every object is there with its length`() async throws {
        let early = await #expect(throws: DeploymentError.self) { try await bucket.verify() }
        #expect(early?.reason == "there is no complete.json in its bucket; it has said nothing yet")
        var status = RunStatus(run: run.description, attempt: 1, instance: "x", started: "2026-01-02T03:04:05Z")
        status.phase = .failed
        status.reason = "stage pretrain ended with 3"
        try await store.put(layout.status, status.json.encoded(), contentType: "application/json")
        let failed = await #expect(throws: DeploymentError.self) { try await bucket.verify() }
        #expect(
            failed?.reason
                == "there is no complete.json in its bucket; it is in phase failed (stage pretrain ended with 3)")

        let records = try await finish()
        #expect(try await bucket.verify().artifacts.flatMap(\.files).count == 2)
        try await store.put(records[1].key, Array("hell".utf8), contentType: "text/plain")
        let short = await #expect(throws: DeploymentError.self) { try await bucket.verify() }
        #expect(short?.reason == "\(records[1].key) has 4 bytes instead of 5")
        try await store.delete(records[1].key)
        let missing = await #expect(throws: DeploymentError.self) { try await bucket.verify() }
        #expect(missing?.reason == "\(records[1].key) is missing")
        try await store.put(layout.completion, Array("{}".utf8), contentType: "application/json")
        await #expect(throws: DeploymentError.self) { try await bucket.verify() }
    }

    @Test func `the bucket is proved before anything is paid for`() async throws {
        try await bucket.prove()
        #expect(try await store.list(layout.root).isEmpty)
        let settings = try Settings(environment: [
            "R2_ACCESS_KEY_ID": server.accessKeyID, "R2_SECRET_ACCESS_KEY": "wrong-secret-value",
        ])
        let place = RunRecord.Bucket(endpoint: server.endpoint, name: server.bucket, prefix: nil)
        let wrong = try RunBucket(place, run: run, settings: settings)
        let error = await #expect(throws: DeploymentError.self) { try await wrong.prove() }
        #expect(error?.description.hasPrefix("cannot use the bucket: ") == true)
        #expect(error?.description.contains("wrong-secret-value") == false)
        let nobody = #expect(throws: DeploymentError.self) {
            try RunBucket(place, run: run, settings: Settings(environment: [:]))
        }
        #expect(nobody?.reason.hasPrefix("R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY must be set") == true)
    }

    @Test func `the log in the bucket is read in order`() async throws {
        for (attempt, sequence, line) in [(1, 1, "one"), (1, 2, "two"), (2, 1, "three")] {
            let record: JSONValue = [
                "time": "2026-01-02T03:04:05Z", "source": .string(line == "two" ? "caas" : "train"),
                "line": .string(line),
            ]
            try await store.put(
                layout.log(attempt: attempt, sequence: sequence, suffix: "jsonl"), record.encoded() + Array("\n".utf8),
                contentType: "application/jsonl")
        }
        let said = SaidLines()
        try await bucket.log(following: false, interval: 1) { said.add($0) }
        #expect(said.all == ["one", "caas: two", "three"])
    }
}
