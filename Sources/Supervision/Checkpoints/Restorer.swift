import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import Wording

/// Restores what earlier attempts of the run left in the bucket.
struct Restorer: Sendable {
    let session: RunContext

    /// Returns the newest manifest of a stage's outputs, nil if the stage never succeeded.
    func outputs(_ stage: Program.Stage) async throws(SupervisionError) -> FolderManifest? {
        try await manifests(of: stage, below: session.layout.outputs(stage: stage.name)).first { $0.step == nil }
    }

    /// Returns the manifests of a stage's checkpoints, the highest step and its newest save first.
    func checkpoints(_ stage: Program.Stage) async throws(SupervisionError) -> [FolderManifest] {
        try await manifests(of: stage, below: session.layout.checkpoints(stage: stage.name)).filter { $0.step != nil }
    }

    /// Restores the first checkpoint whose objects match its manifest; returns nil if none does.
    func restore(_ candidates: [FolderManifest], to folder: FilePath) async throws(SupervisionError) -> FolderManifest?
    {
        for manifest in candidates {
            if try await restore(manifest, to: folder) { return manifest }
        }
        return nil
    }

    /// Restores a manifest's files; returns false if the bucket no longer holds what the manifest names.
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
        try requireSpace(for: manifest.files, in: folder)
        do throws(StorageError) {
            try await download(manifest.files, manifest.tree, to: folder)
            return true
        } catch { return try decline(name, error) }
    }

    /// Returns false for a damaged or missing object, so that an older checkpoint is tried; throws any other error.
    private func decline(_ name: String, _ error: StorageError) throws(SupervisionError) -> Bool {
        guard [.corrupted, .noSuchKey].contains(error.code) else { throw Self.failure(error) }
        session.log.say("\(name) does not count: \(error)")
        return false
    }

    /// Throws before the download, with an exit code of its own, if the disk is too small.
    func requireSpace(for files: [FileRecord], in folder: FilePath) throws(SupervisionError) {
        let missing = files.filter { file in
            (try? FileStatus(file.path.path(below: folder)))?.size != file.size
        }
        // Partial downloads of an attempt that was killed already occupy their space.
        let needed = missing.reduce(0) { sum, file in
            sum + max(0, file.size - PartialFile.bytes(of: file.object, to: file.path.path(below: folder)))
        }
        guard needed > 0, let free = try? FileSystem.freeBytes(at: session.data), free < needed else { return }
        throw SupervisionError(
            .disk, "restore to \(folder)", "\(ByteCount(needed)) are needed, and \(ByteCount(free)) are free")
    }

    /// Downloads files, several at a time; skips existing files that match.
    ///
    /// It restores modes, modification times, links, and empty folders too.
    func download(
        _ files: [FileRecord], _ tree: TreeRecord, to folder: FilePath, as name: String
    ) async throws(StorageError) {
        try await session.standstill.during(name) { () async throws(StorageError) in
            try await download(files, tree, to: folder)
        }
    }

    private func download(_ files: [FileRecord], _ tree: TreeRecord, to folder: FilePath) async throws(StorageError) {
        try await BoundedTasks.forEach(files, atOnce: TransferLimits.filesAtOnce) {
            [session] (file) async throws(StorageError) in
            let path = file.path.path(below: folder)
            if await !BlockingThread.run({ LocalCopy.fits(file, at: path) }) {
                do throws(POSIXError) { try FileSystem.makeFolder(path.removingLastComponent()) } catch {
                    throw StorageError(.local, "restore \(path)", "\(error)")
                }
                try await session.store.download(file.object, to: path)
            }
            do throws(POSIXError) {
                if let attributes = file.attributes { try FileSystem.setAttributes(path, attributes) }
                session.sent.add(file.object, FileSnapshot(try FileStatus(path)))
            } catch { throw StorageError(.local, "restore \(path)", "\(error)") }
        }
        do throws(POSIXError) {
            try await BlockingThread.run { () throws(POSIXError) in try RestoredTree.make(tree, below: folder) }
        } catch { throw StorageError(.local, "restore \(folder)", "\(error)") }
    }

    static func failure(_ error: StorageError) -> SupervisionError {
        if error.code == .cancelled { return .stopped }
        return SupervisionError(status: RunExit.restore.rawValue, error.description)
    }

    /// Returns the manifests below a prefix; a listing only locates them, their content decides.
    private func manifests(
        of stage: Program.Stage, below prefix: String
    ) async throws(SupervisionError) -> [FolderManifest] {
        do throws(StorageError) {
            return try await session.standstill.during("the search below \(prefix)") {
                () async throws(StorageError) in try await listed(of: stage, below: prefix)
            }
        } catch { throw Self.failure(error) }
    }

    private func listed(of stage: Program.Stage, below prefix: String) async throws(StorageError) -> [FolderManifest] {
        var keys: [String: (key: String, isFormer: Bool)] = [:]
        for object in try await session.store.list(prefix) {
            guard let (folder, isFormer) = session.layout.folder(ofManifest: object.key, below: prefix) else {
                continue
            }
            // If the folder's manifest is beside it, a file with the former manifest's name belongs to the user.
            if keys[folder]?.isFormer != false { keys[folder] = (object.key, isFormer) }
        }
        var found: [FolderManifest] = []
        for (key, isFormer) in keys.values.sorted(by: { $0.key < $1.key }) {
            guard let json = try await document(key) else { continue }
            if let manifest = manifest(json, key, of: stage, isFormer: isFormer) { found.append(manifest) }
        }
        return found.sorted { $0.order > $1.order }
    }

    /// Returns nil if the document does not exist or cannot be read.
    private func document(_ key: String) async throws(StorageError) -> JSONValue? {
        switch try await session.store.document(key, limit: 256 << 20, { $0 }) {
        case .success(let json)?: return json
        case .failure(let reason)?: session.log.say("\(key) does not count: \(reason)")
        case nil: break
        }
        return nil
    }

    private func manifest(
        _ json: JSONValue, _ key: String, of stage: Program.Stage, isFormer: Bool
    ) -> FolderManifest? {
        do {
            // Without a manifest beside the folder, its upload was interrupted or it is of an earlier version.
            if isFormer, json["stage"]?.string != stage.name || json["parts"] != nil { return nil }
            let manifest = try FolderManifest(json: json, below: session.layout.root)
            guard manifest.stage == stage.name else { throw JSONError("it is of stage '\(manifest.stage)'") }
            return manifest
        } catch {
            session.log.say("\(key) does not count: \(error)")
            return nil
        }
    }
}
