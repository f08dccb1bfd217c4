import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage

/// Uploads a set of files; a repeated call skips files that are already in the bucket.
actor FolderUpload {
    private let store: any ObjectStore
    private let folder: String
    /// Objects with the content of files of this machine that other uploads of the run have sent.
    private let sent: SentFiles
    /// Uploaded files, with the snapshot of the uploaded content; nil if an earlier attempt uploaded it.
    private var done: [RelativePath: (record: FileRecord, snapshot: FileSnapshot?)]
    /// Called with the files that are in the bucket, so that a later attempt does not upload them again.
    private let note: (@Sendable ([FileRecord]) async -> Void)?
    private var noting: Task<Void, Never>?
    /// True if files were added after the note that is being written.
    private var isStale = false
    private var isVerified: Set<RelativePath> = []
    private var keys: [RelativePath: String] = [:]

    /// Creates an upload to a key prefix that ends with a slash.
    init(
        _ store: any ObjectStore, to folder: String, sent: SentFiles, done: [FileRecord] = [],
        note: (@Sendable ([FileRecord]) async -> Void)? = nil
    ) {
        self.store = store
        self.folder = folder
        self.sent = sent
        // Stages can write the notes, so `done` may claim anything. Only this upload writes below its own prefix.
        let own = done.filter { $0.key.utf8.starts(with: folder.utf8) }
        self.done = Dictionary(own.map { ($0.path, ($0, nil)) }) { $1 }
        self.note = note
    }

    /// Uploads and verifies every file, several at a time; returns the records sorted by path.
    ///
    /// A file that has changed since its upload is uploaded again. `progress` is called with the number of bytes sent
    /// so far, on any thread.
    func send(
        _ files: [UploadFile], progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws -> [FileRecord] {
        let files = files.sorted { $0.name < $1.name }
        forget(files)
        nameKeys(files)
        let moved = MovedBytes(progress)
        do {
            let records = try await BoundedTasks.run(files.count, atOnce: TransferLimits.filesAtOnce) { index in
                let record = try await self.record(files[index]) { moved.update(index, $0) }
                try await self.verify(record, files[index].snapshot)
                await self.noteSoon()
                moved.update(index, record.size)
                return record
            }
            await noting?.value
            return records
        } catch {
            await noting?.value
            throw error
        }
    }

    /// Removes files that have changed since their upload or are no longer part of the set.
    private func forget(_ files: [UploadFile]) {
        let wanted = Dictionary(files.map { ($0.name, $0.snapshot) }) { $1 }
        for (name, sent) in done {
            guard let now = wanted[name], sent.snapshot.map({ $0.isSameContent(as: now) }) ?? true else {
                done[name] = nil
                isVerified.remove(name)
                continue
            }
        }
    }

    /// Assigns each file's key before the first upload, so that the keys do not depend on the order of uploads.
    private func nameKeys(_ files: [UploadFile]) {
        var taken: Set<String> = []
        keys = [:]
        for (name, sent) in done {
            keys[name] = sent.record.key
            taken.insert(sent.record.key)
        }
        for file in files where keys[file.name] == nil {
            // Some services treat two keys that Unicode treats as equivalent as the same key, and so does this set.
            let key = folder + file.name.key
            keys[file.name] = taken.insert(key).inserted ? key : folder + file.name.apart
        }
    }

    private func record(
        _ file: UploadFile, progress: @escaping @Sendable (Int64) -> Void
    ) async throws(StorageError) -> FileRecord {
        if let sent = done[file.name] { return sent.record }
        let key = keys[file.name] ?? folder + file.name.apart
        let object =
            if let copy = try await copy(file, to: key) { copy } else {
                try await upload(file, to: key, progress)
            }
        let record = FileRecord(path: file.name, object: object, attributes: file.attributes)
        done[file.name] = (record, file.snapshot)
        return record
    }

    private func upload(
        _ file: UploadFile, to key: String, _ progress: @escaping @Sendable (Int64) -> Void
    ) async throws(StorageError) -> UploadedObject {
        do throws(StorageError) {
            return try await store.upload(file.path, to: key, once: true, progress: progress)
        } catch {
            // Only this upload writes below its prefix, so the existing object is an earlier try of its own.
            guard error.code == .preconditionFailed else { throw error }
            return try await store.upload(file.path, to: key, once: false, progress: progress)
        }
    }

    /// Copies an object with the same content within the service; returns nil if the file must be uploaded.
    private func copy(_ file: UploadFile, to key: String) async throws(StorageError) -> UploadedObject? {
        guard let known = sent.object(file.snapshot), known.key != key else { return nil }
        do throws(StorageError) {
            return try await store.copy(known, to: key)
        } catch {
            // The object may have been deleted, or the service may not support copies. The file is still on the disk.
            guard error.code == .cancelled else { return nil }
            throw error
        }
    }

    private func verify(_ record: FileRecord, _ snapshot: FileSnapshot) async throws {
        guard !isVerified.contains(record.path) else { return }
        guard try await store.verify(record.object) else {
            done[record.path] = nil
            throw SupervisionError(
                .verification, "verify \(record.key)", "the bucket holds something else than was uploaded")
        }
        isVerified.insert(record.path)
        sent.add(record.object, snapshot)
    }

    /// Writes a note of the uploaded files; files added while a note is written are in the next one.
    private func noteSoon() {
        isStale = true
        guard let note, noting == nil else { return }
        noting = Task {
            repeat {
                isStale = false
                await note(done.values.map(\.record).sorted { $0.path < $1.path })
            } while isStale
            noting = nil
        }
    }

    /// Writes the manifest, after all objects that it names; only then does the folder count.
    func finish(_ manifest: FolderManifest, key: String) async throws(StorageError) {
        try await store.put(key, manifest.json.prettyEncoded(), contentType: "application/json", once: false)
    }

    /// Deletes uploaded objects that no manifest will name; those that cannot be deleted only use space.
    ///
    /// The manifest is deleted first. It may exist although the response to its upload was lost, or an attempt that was
    /// killed may have written it.
    func discard(manifest: String) async {
        do throws(StorageError) {
            try await store.delete(manifest)
            for sent in done.values { try await store.delete(sent.record.key) }
            done = [:]
            isVerified = []
            // Parts of files that were being sent cost money, and no listing of objects shows them.
            guard let store = store as? any MultipartStore else { return }
            for upload in try await store.multipartUploads(folder) { try await store.abort(upload) }
        } catch { return }
    }
}
