import HTTP
import JSON
import ObjectStorage
import RunContract
import Secrets
import TestSupport
import Testing

/// Reads a run's objects in its bucket.
struct BucketReader: Sendable {
    let store: any ObjectStore
    let layout: BucketLayout

    init(_ server: any S3Server, run: String) throws {
        let client = S3Client(
            try BucketLocation(endpoint: server.endpoint, bucket: server.bucket),
            credentials: StorageCredentials(
                accessKeyID: server.accessKeyID, secretAccessKey: Secret(server.secretAccessKey)),
            client: HTTPClient())
        try self.init(client, run: run)
    }

    init(_ store: any ObjectStore, run: String) throws {
        self.store = store
        layout = BucketLayout(prefix: "test", run: try RunID(run))
    }

    func json(_ key: String) async throws -> JSONValue? {
        try await store.get(key, limit: 16 << 20).map { try JSONValue(parsing: $0) }
    }

    func status() async throws -> RunStatus? { try await json(layout.status).map { try RunStatus(json: $0) } }

    func completion() async throws -> CompletionRecord? {
        try await json(layout.completion).map { try CompletionRecord(json: $0, below: layout.root) }
    }

    /// Returns the checkpoints that have a manifest, as `<step>-<attempt>`, in the order of their steps.
    func checkpoints() async throws -> [String] {
        var found: [(Int, String)] = []
        let prefix = layout.checkpoints(stage: "base")
        for object in try await store.list(prefix) {
            guard layout.folder(ofManifest: object.key, below: prefix)?.isFormer == false,
                let json = try await json(object.key)
            else { continue }
            let manifest = try FolderManifest(json: json, below: layout.root)
            do { try await verify(manifest) } catch {
                // A running run may remove an old checkpoint, its manifest first, during this check.
                if try await self.json(object.key) == nil { continue }
                throw error
            }
            found.append((manifest.step ?? -1, "\(manifest.step ?? -1)-\(manifest.attempt)"))
        }
        return found.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func verify(_ manifest: FolderManifest) async throws {
        for file in manifest.files {
            let object = UploadedObject(
                key: file.key, size: file.size, partSize: file.partSize, parts: file.parts,
                uploadToken: file.uploadToken)
            #expect(try await store.verify(object), "\(file.key) is not what its manifest says")
        }
    }

    /// Returns every line of the log in the bucket.
    func log() async throws -> [String] {
        var lines: [String] = []
        for object in try await store.list(layout.logs) {
            for line in try await (store.get(object.key, limit: 16 << 20) ?? []).split(separator: 0x0A) {
                lines.append(try LogRecord(json: JSONValue(parsing: line)).line)
            }
        }
        return lines
    }
}
