import ArgumentParser
import ByteText
import Definitions
import Deployment
import HTTP
import ObjectStorage
import POSIX
import SystemPackage

/// A store, and the key or prefix in it.
struct StoragePlace: Sendable {
    /// A bucket that speaks the S3 protocol, or a folder.
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
    /// The text before each key in names, as in `s3://bucket/`.
    let base: String
    /// A key or a prefix; empty for the whole store.
    var key: String

    /// Returns a key's full name, in the syntax that the commands accept.
    func name(_ key: String) -> String { base + key }

    var name: String { name(key) }

    /// The place as a folder: the key with a trailing slash, unless it is the whole store.
    var folder: StoragePlace {
        var place = self
        if !key.isEmpty, !key.hasSuffix(bytes: "/") { place.key += "/" }
        return place
    }
}

/// Opens the places that the command line names.
struct StorageOpener: Sendable {
    private let storage: StorageSettings
    private let options: S3Client.Options

    init(_ settings: Settings, options: S3Client.Options = S3Client.Options()) {
        storage = StorageSettings(settings)
        self.options = options
    }

    /// Opens a place, which need not exist.
    ///
    /// A path becomes its store's root if `isFolder` is true or the path is a folder; else the root is its parent.
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

    /// Opens the bucket of the settings, where the command line names no place.
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
