import ArgumentParser
import ByteText
import Definitions
import Deployment
import HTTP
import ObjectStorage
import POSIX
import SystemPackage

/// What somebody named: a store, and what in it.
struct StoragePlace: Sendable {
    /// A bucket behind S3's protocol, or a folder.
    enum Store: Sendable {
        case bucket(S3Client)
        case folder(FileStore)

        var object: any ObjectStore {
            switch self {
            case .bucket(let client): client
            case .folder(let store): store
            }
        }
    }

    let store: Store
    /// What every key is named with, as in `s3://bucket/`.
    let base: String
    /// The key or the beginning of keys; empty for everything.
    var key: String

    /// As it is shown and may be typed.
    func name(_ key: String) -> String { base + key }

    var name: String { name(key) }

    /// A key of which it is the folder: with a slash behind it, unless it is the whole store.
    var folder: StoragePlace {
        var place = self
        if !key.isEmpty, !key.hasSuffix(bytes: "/") { place.key += "/" }
        return place
    }
}

/// Opens what people name.
struct StorageOpener: Sendable {
    private let storage: StorageSettings
    private let options: S3Client.Options

    init(_ settings: Settings, options: S3Client.Options = S3Client.Options()) {
        storage = StorageSettings(settings)
        self.options = options
    }

    /// A place that need not exist; a folder's own path is its store's root where `isFolder` is said or visible.
    func open(_ text: String, isFolder: Bool = false) throws(StorageError) -> StoragePlace {
        switch try StorageURL(text) {
        case .object(let bucket, let key):
            let location = try storage.location(bucket: bucket)
            switch location {
            case .bucket(let bucket):
                return StoragePlace(
                    store: .bucket(try storage.client(bucket, options: options)), base: "\(location)/", key: key)
            case .folder(let path): return Self.place(below: path, key)
            }
        case .folder(let path): return Self.place(below: path, "")
        case .file(let path):
            let isThere = (try? FileStatus(path, followingLinks: true))?.kind == .directory
            guard isFolder || isThere else {
                let parent = path.removingLastComponent()
                let name = path.lastComponent?.string ?? ""
                return parent.isEmpty
                    ? StoragePlace(store: .folder(FileStore(".")), base: "", key: name)
                    : Self.place(below: parent, name)
            }
            return Self.place(below: path, "")
        }
    }

    /// The bucket of the settings, where nobody named a place.
    func openDefault() throws(StorageError) -> StoragePlace {
        guard let bucket = storage.bucket else {
            throw StorageError(.other, "choose a place", "name one, as s3://bucket, or set R2_BUCKET_NAME")
        }
        return try open("s3://\(bucket)")
    }

    private static func place(below path: FilePath, _ key: String) -> StoragePlace {
        let text = path.string
        let base = path.isAbsolute ? "file://\(text)" : text
        return StoragePlace(
            store: .folder(FileStore(path)), base: base.hasSuffix(bytes: "/") ? base : base + "/", key: key)
    }
}
