import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage

/// Brings back what earlier starts of the run left in the bucket.
struct Restorer: Sendable {
    let session: RunSession

    /// A finished stage's newest manifest, nil where the stage was never finished.
    func finished(_ stage: Program.Stage) async throws(SupervisionError) -> FolderManifest? {
        try await manifests(below: session.layout.outputs(stage: stage.name)).first
    }

    /// The manifests of a stage's checkpoints, the highest step first and of one step the latest attempt.
    func checkpoints(_ stage: Program.Stage) async throws(SupervisionError) -> [FolderManifest] {
        try await manifests(below: session.layout.checkpoints(stage: stage.name)).filter { $0.step != nil }
    }

    /// Downloads the first of these whose objects agree with it; nil where none does.
    func restore(_ candidates: [FolderManifest], to folder: FilePath) async throws(SupervisionError) -> FolderManifest?
    {
        for manifest in candidates {
            if try await restore(manifest, to: folder) { return manifest }
        }
        return nil
    }

    /// Brings a manifest's files back; false where the bucket no longer holds what the manifest names.
    func restore(_ manifest: FolderManifest, to folder: FilePath) async throws(SupervisionError) -> Bool {
        let name = manifest.step.map { "checkpoint \(manifest.stage)/\($0)" } ?? "outputs of stage \(manifest.stage)"
        return try await session.standstill.during("the restore of \(name)") { () async throws(SupervisionError) in
            try await restore(manifest, name, to: folder)
        }
    }

    private func restore(
        _ manifest: FolderManifest, _ name: String, to folder: FilePath
    ) async throws(SupervisionError) -> Bool {
        do throws(StorageError) {
            let files = manifest.files
            let wrong = try await BoundedTasks.run(files.count, atOnce: TransferLimits.filesAtOnce) {
                [store = session.store] (index) async throws(StorageError) in
                try await store.verify(files[index].object) ? nil : files[index].key
            }
            if let key = wrong.compactMap({ $0 }).first {
                session.log.say("\(name) does not count: \(key) is not what was uploaded")
                return false
            }
        } catch { return try decline(name, error) }
        try requireSpace(for: manifest, in: folder)
        do throws(StorageError) {
            try await download(manifest.files, to: folder)
            return true
        } catch { return try decline(name, error) }
    }

    /// What is damaged in the bucket makes room for what is older; a bucket that does not answer ends the run.
    private func decline(_ name: String, _ error: StorageError) throws(SupervisionError) -> Bool {
        guard [.corrupted, .noSuchKey].contains(error.code) else { throw Self.failure(error) }
        session.log.say("\(name) does not count: \(error)")
        return false
    }

    /// A disk that is too small is said before the download, and under its own code.
    private func requireSpace(for manifest: FolderManifest, in folder: FilePath) throws(SupervisionError) {
        let missing = manifest.files.filter { file in
            (try? FileStatus(folder.appending(file.path)))?.size != file.size
        }
        // What a start that was killed had of them takes no space a second time.
        let needed = missing.reduce(0) { sum, file in
            sum + max(0, file.size - PartialFile.bytes(of: file.object, to: folder.appending(file.path)))
        }
        guard needed > 0, let free = try? FileSystem.freeBytes(at: session.data), free < needed else { return }
        throw SupervisionError(
            .disk, "restore to \(folder)", "\(ByteCount(needed)) are needed, and \(ByteCount(free)) are free")
    }

    /// Downloads files, several at once; those that are there already and fit are left alone.
    func download(_ files: [FileRecord], to folder: FilePath, as name: String) async throws(StorageError) {
        try await session.standstill.during(name) { () async throws(StorageError) in
            try await download(files, to: folder)
        }
    }

    private func download(_ files: [FileRecord], to folder: FilePath) async throws(StorageError) {
        try await BoundedTasks.forEach(files, atOnce: TransferLimits.filesAtOnce) {
            [session] (file) async throws(StorageError) in
            // A record's path has no "..": it was checked when the manifest was read.
            let path = folder.appending(file.path)
            if await BlockingThread.run({ LocalCopy.fits(file, at: path) }) { return }
            do throws(POSIXError) { try FileSystem.makeFolder(path.removingLastComponent()) } catch {
                throw StorageError(.local, "restore \(path)", "\(error)")
            }
            try await session.store.download(file.object, to: path)
        }
    }

    static func failure(_ error: StorageError) -> SupervisionError {
        if error.code == .cancelled { return .stopped }
        return SupervisionError(status: ExitCode.restore.rawValue, error.description)
    }

    /// A listing only says where manifests may be; what counts is what each of them says.
    private func manifests(below prefix: String) async throws(SupervisionError) -> [FolderManifest] {
        do throws(StorageError) {
            return try await session.standstill.during("the search below \(prefix)") {
                () async throws(StorageError) in try await listed(below: prefix)
            }
        } catch { throw Self.failure(error) }
    }

    private func listed(below prefix: String) async throws(StorageError) -> [FolderManifest] {
        var found: [FolderManifest] = []
        for object in try await session.store.list(prefix) where object.key.hasSuffix("/manifest.json") {
            guard let bytes = try await session.store.get(object.key, limit: 64 << 20) else { continue }
            do throws(JSONError) { found.append(try FolderManifest(json: JSONValue(parsing: bytes))) } catch {
                session.log.say("\(object.key) does not count: \(error)")
            }
        }
        return found.sorted { ($0.step ?? 0, $0.attempt) > ($1.step ?? 0, $1.attempt) }
    }
}
