import POSIX
import Synchronization
import SystemPackage

/// Executes a copy plan: many small files at once, but few large ones, whose parts are already transferred in parallel.
///
/// Each object takes the shortest way that its stores know: a copy within the service, a file of this machine as one
/// of the ends, or a temporary file between the two.
package struct StoreCopy: Sendable {
    private static let large: Int64 = 16 << 20
    private static let largeAtOnce = 3

    private let plan: CopyPlan
    private let noOverwrite: Bool
    private let jobs: Int
    private let observer: any CopyObserver

    /// With `noOverwrite`, an object that the target has with other content stays, and is a failure.
    package init(_ plan: CopyPlan, noOverwrite: Bool, jobs: Int, observer: any CopyObserver) {
        self.plan = plan
        self.noOverwrite = noOverwrite
        self.jobs = jobs
        self.observer = observer
    }

    /// Copies and verifies all objects; returns the failures of single ones, and throws what would affect every one.
    package func run() async throws(StorageError) -> [StorageError] {
        let failures = Mutex<[StorageError]>([])
        let uploads = Mutex<[UploadedObject]>([])
        let indices = plan.items.indices
        let small = indices.filter { plan.items[$0].object.size < Self.large }
        let large = indices.filter { plan.items[$0].object.size >= Self.large }
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
        return try await failures.withLock { $0 } + verify(uploads.withLock { $0 })
    }

    private static func concernsOneFile(_ error: StorageError) -> Bool {
        [.noSuchKey, .preconditionFailed, .changedWhileRead, .corrupted, .other, .local].contains(error.code)
    }

    /// Copies an object unless the target has it; returns an upload that is still to be verified.
    private func copy(_ index: Int) async throws(StorageError) -> UploadedObject? {
        let item = plan.items[index]
        let there = try await plan.there(item.targetKey)
        if let there, try await isSame(item, there) {
            observer.found(index, size: item.object.size)
            return nil
        }
        guard there == nil || !noOverwrite else {
            throw StorageError(
                .preconditionFailed, "copy to \(plan.target.name(item.targetKey))", "something else is there already")
        }
        if try await copyWithinService(index, item) { return nil }
        if let file = item.file { return try await upload(index, file, item) }
        if let target = plan.target.store as? any LocalStore {
            let fetched = try await plan.source.store.fetch(
                item.object.key, to: target.path(making: item.targetKey), progress: moved(index))
            observer.copied(
                index, size: item.object.size, moved: fetched.received, isProved: fetched.isVerified)
            return nil
        }
        return try await relay(index, item)
    }

    private func moved(_ index: Int) -> @Sendable (Int64) -> Void {
        { [observer] bytes in observer.moved(index, bytes) }
    }

    private func checked(_ item: CopyPlan.Item) -> @Sendable (Int64) -> Void {
        let name = plan.target.name(item.targetKey)
        return { [observer] bytes in observer.checked(name, bytes, of: item.object.size) }
    }

    /// Returns true where the target certainly has the object already.
    private func isSame(_ item: CopyPlan.Item, _ there: ListedObject) async throws(StorageError) -> Bool {
        guard there.size == item.object.size else { return false }
        let (source, target) = (plan.source.store, plan.target.store)
        if let file = item.file { return try await target.holds(there, contentOf: file, progress: checked(item)) }
        if let local = target as? any LocalStore {
            return try await source.holds(
                item.object, contentOf: local.path(of: item.targetKey), progress: checked(item))
        }
        if !item.object.etag.isEmpty, item.object.etag == there.etag { return true }
        guard let target = target as? any ServerSideCopying else { return false }
        return try await target.isSame(item.targetKey, as: item.object.key, in: source)
    }

    /// Returns true where the service has copied the object itself.
    private func copyWithinService(_ index: Int, _ item: CopyPlan.Item) async throws(StorageError) -> Bool {
        guard item.file == nil, let target = plan.target.store as? any ServerSideCopying,
            let isProved = try await target.copy(
                item.object.key, from: plan.source.store, to: item.targetKey, once: noOverwrite,
                progress: moved(index))
        else { return false }
        observer.copied(index, size: item.object.size, moved: item.object.size, isProved: isProved)
        return true
    }

    /// Uploads a file; returns the upload where a listing at the end can prove it together with others.
    private func upload(
        _ index: Int, _ file: FilePath, _ item: CopyPlan.Item, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(StorageError) -> UploadedObject? {
        let target = plan.target.store
        let object = try await target.upload(
            file, to: item.targetKey, once: noOverwrite, progress: progress ?? moved(index))
        let isLeft = target.traits.provesByListing
        if !isLeft, try await !target.verify(object, progress: checked(item)) { throw wrong(item.targetKey) }
        observer.copied(index, size: object.size, moved: object.size, isProved: true)
        return isLeft ? object : nil
    }

    /// Copies through a temporary file; the download is verified before the upload starts.
    private func relay(_ index: Int, _ item: CopyPlan.Item) async throws(StorageError) -> UploadedObject? {
        let folder: FilePath
        do throws(POSIXError) {
            folder = try FileSystem.makeTemporaryFolder(
                in: FilePath(ProcessEnvironment.value("TMPDIR") ?? "/tmp"), prefix: "caasctl-copy-")
        } catch { throw StorageError(.local, "copy \(plan.source.name(item.object.key))", error.description) }
        defer { try? FileSystem.removeTree(folder) }
        let file = folder.appending("object")
        let report = moved(index)
        _ = try await plan.source.store.fetch(item.object.key, to: file) { report($0 / 2) }
        return try await upload(index, file, item) { report(item.object.size / 2 + $0 / 2) }
    }

    /// Verifies uploads: by one listing where there are several, then by a request for each that is in doubt.
    private func verify(_ objects: [UploadedObject]) async throws(StorageError) -> [StorageError] {
        let store = plan.target.store
        var unsure = objects
        if objects.count > 2, plan.existing != nil {
            let there = try await plan.listTarget() ?? [:]
            unsure = objects.filter { object in there[Array(object.key.utf8)].map { !store.proves(object, $0) } ?? true
            }
        }
        let wrong = Mutex<[StorageError]>([])
        try await BoundedTasks.forEach(unsure, atOnce: jobs) { (object) async throws(StorageError) in
            guard try await !store.verify(object) else { return }
            wrong.withLock { $0.append(self.wrong(object.key)) }
        }
        return wrong.withLock { $0 }
    }

    private func wrong(_ key: String) -> StorageError {
        StorageError(
            .corrupted, "verify \(plan.target.name(key))", "there is something else than was sent; copy it again")
    }
}
