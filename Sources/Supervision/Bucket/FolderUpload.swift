import JSON
import ObjectStorage
import RunContract
import SystemPackage

/// Brings a set of files into the bucket; what went through is not sent again when the rest is tried once more.
actor FolderUpload {
    private let store: any ObjectStore
    private let folder: String
    private var done: [String: FileRecord]
    /// Hears of every file that is in the bucket, so that a later start need not send it again.
    private let note: (@Sendable ([FileRecord]) async -> Void)?
    private var isVerified: Set<String> = []

    /// An upload below a key that ends with a slash.
    init(
        _ store: any ObjectStore, to folder: String, done: [FileRecord] = [],
        note: (@Sendable ([FileRecord]) async -> Void)? = nil
    ) {
        self.store = store
        self.folder = folder
        self.done = Dictionary(done.map { ($0.path, $0) }) { $1 }
        self.note = note
    }

    /// Uploads every file and verifies each; the records come in the order of paths.
    func send(
        _ files: [String: FilePath], progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws -> [FileRecord] {
        var records: [FileRecord] = []
        var sent: Int64 = 0
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            try Task.checkCancellation()
            let before = sent
            let record = try await record(path, file) { progress(before + $0) }
            try await verify(record)
            await note?(done.values.sorted { $0.path < $1.path })
            sent += record.size
            progress(sent)
            records.append(record)
        }
        return records
    }

    private func record(
        _ path: String, _ file: FilePath, progress: @escaping @Sendable (Int64) -> Void
    ) async throws(StorageError) -> FileRecord {
        if let record = done[path] { return record }
        let object: UploadedObject
        do throws(StorageError) {
            object = try await store.upload(file, to: folder + path, once: true, progress: progress)
        } catch {
            // Only this start of the run writes below this key: what is there is our own earlier try.
            guard error.code == .preconditionFailed else { throw error }
            object = try await store.upload(file, to: folder + path, once: false, progress: progress)
        }
        let record = FileRecord(path: path, object: object)
        done[path] = record
        return record
    }

    private func verify(_ record: FileRecord) async throws {
        guard !isVerified.contains(record.path) else { return }
        guard try await store.verify(record.object) else {
            done[record.path] = nil
            throw SupervisionError(
                .verification, "verify \(record.key)", "the bucket holds something else than was uploaded")
        }
        isVerified.insert(record.path)
    }

    /// Writes what makes the folder count, after everything that it names.
    func finish(_ manifest: FolderManifest) async throws(StorageError) {
        try await store.put(
            folder + "manifest.json", manifest.json.prettyEncoded(), contentType: "application/json", once: false)
    }
}
