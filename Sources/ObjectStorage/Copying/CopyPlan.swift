import ByteText
import POSIX
import SystemPackage

/// The objects to copy, each with its target key.
package struct CopyPlan: Sendable {
    /// How a copy of a whole folder treats symbolic links.
    package enum Links: String, CaseIterable, Sendable { case refuse, follow, skip }

    /// One object to copy.
    package struct Item: Sendable {
        /// The object in the source.
        let object: ListedObject
        /// The path of the file; nil where the source has no files of this machine.
        let file: FilePath?
        /// The key in the target.
        let targetKey: String
    }

    package let source: OpenStore
    let target: OpenStore
    package private(set) var items: [Item] = []
    package private(set) var warnings: [String] = []
    /// The objects at the target by the bytes of their keys; nil where there are too many to list.
    private(set) var existing: [[UInt8]: ListedObject]? = [:]
    /// The target as users are told it at the end.
    package let place: String

    package var bytes: Int64 { items.reduce(0) { $0 + $1.object.size } }

    /// Plans the copy of one object or file.
    package init(_ source: String, to target: String, opener: StoreOpener) async throws(StorageError) {
        let from = try Self.followed(source, opener)
        let action = "copy \(from.name)"
        guard !from.key.isEmpty, !from.key.hasSuffix(bytes: "/") else {
            throw StorageError(.other, action, "it is no single file; --recursive copies what is below it")
        }
        guard let status = try await from.store.head(from.key) else {
            throw StorageError(.noSuchKey, action, "there is no such file; --recursive copies what is below a name")
        }
        var to = try opener.open(target)
        if case .folder(let path) = try StoreAddress(target) { try Self.makeFolder(path) }
        if to.key.isEmpty || to.key.hasSuffix(bytes: "/") {
            to.key += from.key.split(byte: "/").last.map(String.init) ?? from.key
        }
        let object = ListedObject(key: from.key, size: status.size, etag: status.etag)
        let file = try (from.store as? any LocalStore)?.path(of: from.key)
        items = [Item(object: object, file: file, targetKey: to.key)]
        if let there = try await to.store.head(to.key) {
            existing = [Array(to.key.utf8): ListedObject(key: to.key, size: there.size, etag: there.etag)]
        }
        (self.source, self.target, place) = (from, to, to.name)
    }

    /// Plans the copy of everything below a folder or key.
    package init(
        everythingBelow source: String, to target: String, links: Links, opener: StoreOpener
    ) async throws(StorageError) {
        let isPath = if case .object = try StoreAddress(target) { false } else { true }
        try await self.init(
            everythingBelow: try opener.open(source, isFolder: true).folder,
            to: try opener.open(target, isFolder: true).folder, links: links, makingRoot: isPath)
    }

    /// Plans the copy of everything below a place in an opened store to another.
    ///
    /// With `makingRoot`, makes the folder of a store on this machine where there is none.
    init(
        everythingBelow source: OpenStore, to target: OpenStore, links: Links, makingRoot: Bool = false
    ) async throws(StorageError) {
        (self.source, self.target, place) = (source, target, target.name)
        try await take(links)
        guard !items.isEmpty else {
            throw StorageError(.noSuchKey, "copy \(source.name)", "there is nothing below it")
        }
        if makingRoot, let local = target.store as? any LocalStore { try Self.makeFolder(local.root) }
        existing = try await listTarget()
    }

    /// Returns the objects at the target, or nil where most of them do not belong to this copy.
    ///
    /// A HEAD request for each key is cheaper then: above 10,000 keys and twice the number of keys to copy.
    func listTarget() async throws(StorageError) -> [[UInt8]: ListedObject]? {
        var found: [[UInt8]: ListedObject] = [:]
        let most = max(10_000, items.count * 2)
        try await target.store.list(target.key, isShallow: false) { page in
            for object in page.objects { found[Array(object.key.utf8)] = object }
            return found.count <= most
        }
        return found.count <= most ? found : nil
    }

    /// Returns the object that the target has at a key.
    func there(_ key: String) async throws(StorageError) -> ListedObject? {
        if let existing { return existing[Array(key.utf8)] }
        return try await target.store.head(key).map { ListedObject(key: key, size: $0.size, etag: $0.etag) }
    }

    /// Opens the source file; follows a symbolic link, since the user named it.
    private static func followed(_ source: String, _ opener: StoreOpener) throws(StorageError) -> OpenStore {
        let (path, mustBeFolder): (FilePath, Bool)
        switch try StoreAddress(source) {
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

    private mutating func take(_ links: Links) async throws(StorageError) {
        let local = source.store as? any LocalStore
        var found = ListedPage()
        try await source.store.list(source.key, isShallow: false) { page in
            found.objects += page.objects
            found.leftOut += page.leftOut
            return true
        }
        // S3 consoles represent "folders" as empty objects whose keys end with a slash.
        for object in found.objects where !(object.size == 0 && object.key.hasSuffix(bytes: "/")) {
            items.append(
                Item(object: object, file: try local?.path(of: object.key), targetKey: targetKey(object.key)))
        }
        for other in found.leftOut {
            let text = other.text(in: source)
            switch (other.reason, links) {
            case (.special, _), (.link, .skip): warnings.append(text)
            case (.name, _): throw StorageError(.other, "copy \(source.name)", text)
            case (.link, .refuse):
                throw StorageError(
                    .other, "copy \(source.name)",
                    "\(text); --links follow copies the files that links lead to, --links skip leaves them out")
            case (.link, .follow):
                if let local { items.append(try linked(other.path, in: local)) }
            }
        }
    }

    private func linked(_ path: String, in store: any LocalStore) throws(StorageError) -> Item {
        let link = store.root.appending(path)
        do throws(POSIXError) {
            let file = try FileSystem.realPath(link)
            let status = try FileStatus(file)
            guard status.kind == .regular else {
                throw POSIXError("follow", link, status.kind == .directory ? .isDirectory : .invalidArgument)
            }
            return Item(
                object: ListedObject(key: path, size: status.size, etag: ""), file: file, targetKey: targetKey(path))
        } catch { throw StorageError(.local, "copy \(source.name)", error.description) }
    }
}
