import ObjectStorage
import POSIX
import Synchronization
import SystemPackage

/// Executes a copy plan: many small files at once, but few large ones, whose parts are already transferred in parallel.
struct StorageTransfer: Sendable {
    /// The failures of single files; an error that would affect every file is thrown.
    struct Outcome: Sendable { var failures: [StorageError] = [] }

    private static let large: Int64 = 16 << 20
    private static let largeAtOnce = 3

    let plan: CopyPlan
    let noOverwrite: Bool
    let jobs: Int
    let progress: CopyProgress

    func run() async throws -> Outcome {
        let failures = Mutex<[StorageError]>([])
        let uploads = Mutex<[UploadedObject]>([])
        let indices = plan.items.indices
        let (small, large) = (
            indices.filter { plan.items[$0].size < Self.large }, indices.filter { plan.items[$0].size >= Self.large }
        )
        for (group, atOnce) in [(large, min(jobs, Self.largeAtOnce)), (small, jobs)] {
            try await BoundedTasks.forEach(group, atOnce: atOnce) { (index) async throws(StorageError) in
                do throws(StorageError) {
                    if let object = try await copy(index) { uploads.withLock { $0.append(object) } }
                } catch {
                    guard Self.concernsOneFile(error) else { throw error }
                    failures.withLock { $0.append(error) }
                }
            }
        }
        var outcome = Outcome(failures: failures.withLock { $0 })
        outcome.failures += try await verify(uploads.withLock { $0 })
        return outcome
    }

    private static func concernsOneFile(_ error: StorageError) -> Bool {
        [.noSuchKey, .preconditionFailed, .changedWhileRead, .corrupted, .other, .local].contains(error.code)
    }

    /// Copies a file unless the target has it; returns an object to verify where it was uploaded to a bucket.
    private func copy(_ index: Int) async throws(StorageError) -> UploadedObject? {
        let item = plan.items[index]
        let there = try await plan.there(item.targetKey)
        let report: @Sendable (Int64) -> Void = { [progress] bytes in progress.moved(index, bytes) }
        if let there, try await isSame(item, there) {
            progress.found(index, size: item.size)
            return nil
        }
        guard there == nil || !noOverwrite else {
            throw StorageError(
                .preconditionFailed, "copy to \(plan.target.name(item.targetKey))", "something else is there already")
        }
        switch (plan.source.store, plan.target.store) {
        case (.bucket(let source), .folder(let target)):
            let path = try await target.path(making: item.targetKey)
            let fetched = try await source.fetch(item.key, to: path, progress: report)
            progress.copied(index, size: item.size, moved: fetched.received, isProved: fetched.isVerified)
            return nil
        case (.bucket(let source), .bucket(let target)):
            if let isProved = try await target.copy(
                item.key, from: source, to: item.targetKey, once: noOverwrite, progress: report)
            {
                progress.copied(index, size: item.size, moved: item.size, isProved: isProved)
                return nil
            }
            return try await relay(index, item, from: source, to: target, report)
        case (.folder, .bucket(let target)):
            guard let file = item.file else { return nil }
            return try await send(index, file, item, to: target, report)
        case (.folder, .folder(let target)):
            guard let file = item.file else { return nil }
            let object = try await target.upload(file, to: item.targetKey, once: noOverwrite, progress: report)
            let name = plan.target.name(item.targetKey)
            let isRight = try await target.verify(object) { [progress] bytes in
                progress.checked(name, bytes, of: item.size)
            }
            guard isRight else { throw Self.wrong(name) }
            progress.copied(index, size: object.size, moved: object.size)
            return nil
        }
    }

    private func isSame(_ item: CopyPlan.Item, _ there: ListedObject) async throws(StorageError) -> Bool {
        guard there.size == item.size else { return false }
        let name = plan.target.name(item.targetKey)
        let report: @Sendable (Int64) -> Void = { [progress] bytes in progress.checked(name, bytes, of: item.size) }
        switch (plan.source.store, plan.target.store) {
        case (.bucket, .folder(let target)):
            return try await S3Client.isSame(
                target.path(of: item.targetKey), size: item.size, etag: item.etag, progress: report)
        case (.folder, .bucket):
            guard let file = item.file else { return false }
            return try await S3Client.isSame(file, size: there.size, etag: there.etag, progress: report)
        case (.folder, .folder(let target)):
            guard let file = item.file else { return false }
            return try await target.holds(item.targetKey, contentOf: file, progress: report)
        case (.bucket(let source), .bucket(let target)):
            if !item.etag.isEmpty, item.etag == there.etag { return true }
            return try await target.isSame(item.targetKey, as: item.key, in: source)
        }
    }

    private func send(
        _ index: Int, _ file: FilePath, _ item: CopyPlan.Item, to target: S3Client,
        _ report: @escaping @Sendable (Int64) -> Void
    ) async throws(StorageError) -> UploadedObject {
        let object = try await target.upload(file, to: item.targetKey, once: noOverwrite, progress: report)
        progress.copied(index, size: object.size, moved: object.size)
        return object
    }

    /// Copies between two buckets through a temporary file, where the service cannot copy itself.
    ///
    /// The download is verified before the upload starts.
    private func relay(
        _ index: Int, _ item: CopyPlan.Item, from source: S3Client, to target: S3Client,
        _ report: @escaping @Sendable (Int64) -> Void
    ) async throws(StorageError) -> UploadedObject {
        let folder: FilePath
        do throws(POSIXError) {
            folder = try FileSystem.makeTemporaryFolder(
                in: FilePath(ProcessEnvironment.value("TMPDIR") ?? "/tmp"), prefix: "caasctl-copy-")
        } catch { throw StorageError(.local, "copy \(plan.source.name(item.key))", error.description) }
        defer { try? FileSystem.removeTree(folder) }
        let file = folder.appending("object")
        _ = try await source.fetch(item.key, to: file) { report($0 / 2) }
        return try await send(index, file, item, to: target) { report(item.size / 2 + $0 / 2) }
    }

    /// Verifies all uploaded objects: one listing where there are several, then a request for each that is in doubt.
    private func verify(_ objects: [UploadedObject]) async throws -> [StorageError] {
        guard case .bucket(let client) = plan.target.store else { return [] }
        var unsure = objects
        if objects.count > 2, plan.existing != nil {
            let there = try await plan.listTarget() ?? [:]
            unsure = objects.filter { object in
                guard let listed = there[Array(object.key.utf8)], listed.size == object.size else { return true }
                return !client.hasExpectedETag(object, listed.etag)
            }
        }
        let wrong = Mutex<[StorageError]>([])
        try await BoundedTasks.forEach(unsure, atOnce: jobs) { (object) async throws(StorageError) in
            guard try await !client.verify(object) else { return }
            wrong.withLock { $0.append(Self.wrong(plan.target.name(object.key))) }
        }
        return wrong.withLock { $0 }
    }

    private static func wrong(_ name: String) -> StorageError {
        StorageError(.corrupted, "verify \(name)", "there is something else than was sent; copy it again")
    }
}
