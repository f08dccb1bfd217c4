import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage

/// Brings a set of files into the bucket; what went through is not sent again when the rest is tried once more.
actor FolderUpload {
    private let store: any ObjectStore
    private let folder: String
    /// What other folders of the run have sent, of this machine's files.
    private let sent: SentFiles
    /// What is in the bucket, and of what content of the file, nil where an earlier start of the run sent it.
    private var done: [RelativePath: (record: FileRecord, snapshot: FileSnapshot?)]
    /// Hears of the files that are in the bucket, so that a later start need not send them again.
    private let note: (@Sendable ([FileRecord]) async -> Void)?
    private var noting: Task<Void, Never>?
    /// True where something came that the note that is being written does not have.
    private var isStale = false
    private var isVerified: Set<RelativePath> = []
    private var keys: [RelativePath: String] = [:]

    /// An upload below a key that ends with a slash.
    init(
        _ store: any ObjectStore, to folder: String, sent: SentFiles, done: [FileRecord] = [],
        note: (@Sendable ([FileRecord]) async -> Void)? = nil
    ) {
        self.store = store
        self.folder = folder
        self.sent = sent
        // What stages can write may claim anything; below this key nothing but this upload's own can be.
        let own = done.filter { $0.key.utf8.starts(with: folder.utf8) }
        self.done = Dictionary(own.map { ($0.path, ($0, nil)) }) { $1 }
        self.note = note
    }

    /// Uploads every file and verifies each, several at once; the records come in the order of paths.
    ///
    /// A file that changed since it was sent is sent again. `progress` hears the number of bytes sent so far, from any
    /// thread.
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

    /// What was sent of files that are others by now, or are no part of it any more, does not count.
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

    /// Decides on each file's key, before the first is sent, so that it is the same however they follow each other.
    private func nameKeys(_ files: [UploadFile]) {
        var taken: Set<String> = []
        keys = [:]
        for (name, sent) in done {
            keys[name] = sent.record.key
            taken.insert(sent.record.key)
        }
        for file in files where keys[file.name] == nil {
            // Two texts that Unicode takes for one are one key for some services, as they are for this set.
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
            // Only this start of the run writes below this key: what is there is our own earlier try.
            guard error.code == .preconditionFailed else { throw error }
            return try await store.upload(file.path, to: key, once: false, progress: progress)
        }
    }

    /// Has the service copy what it holds of this content under another key; nil where the file has to be sent.
    private func copy(_ file: UploadFile, to key: String) async throws(StorageError) -> UploadedObject? {
        guard let known = sent.object(file.snapshot), known.key != key else { return nil }
        do throws(StorageError) {
            return try await store.copy(known, to: key)
        } catch {
            // It may be removed from there by now, or the service may copy nothing: the file itself is still here.
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

    /// Has what is done noted; what comes while a note is written is in the next one.
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

    /// Writes what makes the folder count, after everything that it names.
    func finish(_ manifest: FolderManifest, key: String) async throws(StorageError) {
        try await store.put(key, manifest.json.prettyEncoded(), contentType: "application/json", once: false)
    }

    /// Removes what was sent and will never count; what cannot be removed now stays, and only takes room.
    ///
    /// Its manifest goes first: it may be there although nobody heard the answer, or a start that was killed wrote it.
    func discard(manifest: String) async {
        do throws(StorageError) {
            try await store.delete(manifest)
            for sent in done.values { try await store.delete(sent.record.key) }
        } catch { return }
        done = [:]
        isVerified = []
    }
}
