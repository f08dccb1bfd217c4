import ObjectStorage
import SystemPackage

/// A store that behaves like another, except where a test writes its own version of an operation.
protocol WrappedStore: ObjectStore {
    var wrapped: FileStore { get }
}

extension WrappedStore {
    var limits: TransferLimits { wrapped.limits }
    var traits: StoreTraits { wrapped.traits }
    var clockOffset: Int { wrapped.clockOffset }
    func name(_ key: String) -> String { wrapped.name(key) }

    func put(_ key: String, _ content: [UInt8], contentType: String, once: Bool) async throws(StorageError) {
        try await wrapped.put(key, content, contentType: contentType, once: once)
    }
    func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]? {
        try await wrapped.get(key, limit: limit)
    }
    func head(_ key: String) async throws(StorageError) -> ObjectStatus? { try await wrapped.head(key) }
    func delete(_ key: String) async throws(StorageError) { try await wrapped.delete(key) }
    func list(_ prefix: String, isShallow: Bool, _ page: (ListedPage) -> Bool) async throws(StorageError) {
        try await wrapped.list(prefix, isShallow: isShallow, page)
    }
    func upload(
        _ file: FilePath, to key: String, once: Bool, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> UploadedObject {
        try await wrapped.upload(file, to: key, once: once, progress: progress)
    }
    func download(
        _ object: UploadedObject, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) { try await wrapped.download(object, to: file, progress: progress) }
    func fetch(
        _ key: String, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> FetchedObject { try await wrapped.fetch(key, to: file, progress: progress) }
    func holds(
        _ object: ListedObject, contentOf file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool { try await wrapped.holds(object, contentOf: file, progress: progress) }
    func verify(
        _ object: UploadedObject, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool { try await wrapped.verify(object, progress: progress) }
    func proves(_ object: UploadedObject, _ listed: ListedObject) -> Bool { wrapped.proves(object, listed) }
}
