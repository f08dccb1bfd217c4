import ByteText
import ImageInspection
import ObjectStorage
import POSIX
import SystemPackage

/// The objects to copy, each with its target key.
struct CopyPlan: Sendable {
    struct Item: Sendable {
        /// The key in the source.
        let key: String
        let size: Int64
        /// The ETag in the source; empty for a file.
        let etag: String
        /// The path of the file; nil where the source is a bucket.
        let file: FilePath?
        /// The key in the target.
        let targetKey: String
    }

    let source: StoragePlace
    let target: StoragePlace
    private(set) var items: [Item] = []
    private(set) var warnings: [String] = []
    /// The objects at the target by the bytes of their keys; nil where there are too many to list.
    private(set) var existing: [[UInt8]: ListedObject]? = [:]
    /// The target as the command prints it at the end.
    let place: String

    var bytes: Int64 { items.reduce(0) { $0 + $1.size } }

    /// Plans the copy of one object or file.
    init(_ source: String, to target: String, opener: StorageOpener) async throws(StorageError) {
        let from = try Self.followed(source, opener)
        let action = "copy \(from.name)"
        guard !from.key.isEmpty, !from.key.hasSuffix(bytes: "/") else {
            throw StorageError(.other, action, "it is no single file; --recursive copies what is below it")
        }
        guard let status = try await from.store.object.head(from.key) else {
            throw StorageError(.noSuchKey, action, "there is no such file; --recursive copies what is below a name")
        }
        var to = try opener.open(target)
        if case .folder(let path) = try StorageURL(target) { try Self.makeFolder(path) }
        if to.key.isEmpty || to.key.hasSuffix(bytes: "/") {
            to.key += from.key.split(byte: "/").last.map(String.init) ?? from.key
        }
        var file: FilePath?
        var etag = status.etag
        if case .folder(let store) = from.store { (file, etag) = (try store.path(of: from.key), "") }
        items = [Item(key: from.key, size: status.size, etag: etag, file: file, targetKey: to.key)]
        if let there = try await to.store.object.head(to.key) {
            existing = [Array(to.key.utf8): ListedObject(key: to.key, size: there.size, etag: there.etag)]
        }
        (self.source, self.target, place) = (from, to, to.name)
    }

    /// Plans the copy of everything below a folder or key.
    init(
        everythingBelow source: String, to target: String, links: StorageCopy.Links, opener: StorageOpener
    ) async throws(StorageError) {
        self.source = try opener.open(source, isFolder: true).folder
        self.target = try opener.open(target, isFolder: true).folder
        place = self.target.name
        switch self.source.store {
        case .bucket(let client): try await take(client)
        case .folder(let store): try await take(store, links)
        }
        guard !items.isEmpty else {
            throw StorageError(.noSuchKey, "copy \(self.source.name)", "there is nothing below it")
        }
        switch try StorageURL(target) {
        case .file(let path), .folder(let path): try Self.makeFolder(path)
        case .object: break
        }
        existing = try await listTarget()
    }

    /// Returns the objects at the target, or nil where most of them do not belong to this copy.
    ///
    /// A HEAD request for each key is cheaper then: above 10,000 keys and twice the number of keys to copy.
    func listTarget() async throws(StorageError) -> [[UInt8]: ListedObject]? {
        var found: [[UInt8]: ListedObject] = [:]
        guard case .bucket(let client) = target.store else {
            for object in try await target.store.object.list(target.key) { found[Array(object.key.utf8)] = object }
            return found
        }
        let most = max(10_000, items.count * 2)
        try await client.list(target.key) { page in
            for object in page.objects { found[Array(object.key.utf8)] = object }
            return found.count <= most
        }
        return found.count <= most ? found : nil
    }

    /// Returns the object that the target has at a key.
    func there(_ key: String) async throws(StorageError) -> ListedObject? {
        if let existing { return existing[Array(key.utf8)] }
        return try await target.store.object.head(key).map { ListedObject(key: key, size: $0.size, etag: $0.etag) }
    }

    /// Opens the source file; follows a symbolic link, since the user named it.
    private static func followed(_ source: String, _ opener: StorageOpener) throws(StorageError) -> StoragePlace {
        let (path, mustBeFolder): (FilePath, Bool)
        switch try StorageURL(source) {
        case .object: return try opener.open(source)
        case .file(let file): (path, mustBeFolder) = (file, false)
        case .folder(let folder): (path, mustBeFolder) = (folder, true)
        }
        let status: FileStatus
        do throws(POSIXError) { status = try FileStatus(path, followingLinks: true) } catch {
            throw StorageError(.noSuchKey, "copy \(source)", error.description)
        }
        guard status.kind != .directory else {
            throw StorageError(.other, "copy \(source)", "it is a folder; --recursive copies what is in it")
        }
        guard !mustBeFolder else {
            throw StorageError(.other, "copy \(source)", "it is no folder; without the slash it is a file")
        }
        let isLink = (try? FileStatus(path))?.kind == .symbolicLink
        guard isLink, let real = try? FileSystem.realPath(path) else { return try opener.open(source) }
        return try opener.open(real.string)
    }

    /// Creates the folder, but not its parent: a missing parent may be a file system that is not mounted.
    private static func makeFolder(_ path: FilePath) throws(StorageError) {
        var path = path
        while path.lastComponent?.kind == .currentDirectory { path.removeLastComponent() }
        guard !path.isEmpty else { return }
        let parent = path.removingLastComponent()
        guard FileSystem.exists(parent.isEmpty ? "." : parent) else {
            throw StorageError(.noSuchBucket, "copy to \(path)", "there is no folder \(parent); make it first")
        }
        do throws(POSIXError) { try FileSystem.makeFolder(path, mode: 0o777) } catch {
            throw StorageError(.local, "copy to \(path)", error.description)
        }
    }

    private func targetKey(_ key: String) -> String {
        target.key + String(decoding: key.utf8.dropFirst(source.key.utf8.count), as: UTF8.self)
    }

    private mutating func take(_ client: S3Client) async throws(StorageError) {
        var objects: [ListedObject] = []
        try await client.list(source.key) { page in
            objects += page.objects
            return true
        }
        // S3 consoles represent "folders" as empty objects whose keys end with a slash.
        for object in objects where !(object.size == 0 && object.key.hasSuffix(bytes: "/")) {
            items.append(
                Item(
                    key: object.key, size: object.size, etag: object.etag, file: nil, targetKey: targetKey(object.key)))
        }
    }

    private mutating func take(_ store: FileStore, _ links: StorageCopy.Links) async throws(StorageError) {
        let found = try await store.scan(source.key)
        for object in found.objects {
            items.append(
                Item(
                    key: object.key, size: object.size, etag: "", file: try store.path(of: object.key),
                    targetKey: targetKey(object.key)))
        }
        for other in found.leftOut {
            let words = LeftOutWords(other, in: source)
            switch (other.reason, links) {
            case (.special, _): warnings.append("\(words)")
            case (.name, _): throw StorageError(.other, "copy \(source.name)", "\(words)")
            case (.link, .skip): warnings.append("\(words)")
            case (.link, .refuse):
                throw StorageError(
                    .other, "copy \(source.name)",
                    "\(words); --links follow copies the files that links lead to, --links skip leaves them out")
            case (.link, .follow): items.append(try linked(other.path, store))
            }
        }
    }

    private func linked(_ path: String, _ store: FileStore) throws(StorageError) -> Item {
        let link = store.root.appending(path)
        do throws(POSIXError) {
            let file = try FileSystem.realPath(link)
            let status = try FileStatus(file)
            guard status.kind == .regular else {
                throw POSIXError("follow", link, status.kind == .directory ? .isDirectory : .invalidArgument)
            }
            return Item(key: path, size: status.size, etag: "", file: file, targetKey: targetKey(path))
        } catch { throw StorageError(.local, "copy \(source.name)", error.description) }
    }
}
