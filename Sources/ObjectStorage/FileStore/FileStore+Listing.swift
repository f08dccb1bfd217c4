import ByteText
import POSIX
package import SystemPackage
import Timestamps

extension FileStore {
    /// Passes all objects whose keys start with the prefix, and other entries, to `page` as one page.
    package func list(
        _ prefix: String, isShallow: Bool, _ page: (ListedPage) -> Bool
    ) async throws(StorageError) {
        _ = page(try await scan(prefix, isShallow: isShallow))
    }

    private func scan(_ prefix: String, isShallow: Bool) async throws(StorageError) -> ListedPage {
        let action = "list \(name(prefix))"
        return try await BlockingThread.run { [self] () throws(StorageError) in
            let start = prefix.lastIndex(byte: "/").map { prefix[..<prefix.utf8.index(after: $0)] } ?? ""
            var current = try openRoot(action)
            var walk = Walk(prefix: prefix, isShallow: isShallow)
            do throws(POSIXError) {
                for part in start.split(byte: "/", omittingEmptySubsequences: false).dropLast() {
                    // No object's key starts with an invalid path component.
                    guard let component = FileKey.component(part) else { return ListedPage() }
                    current = try current.folder(component)
                }
                try walk.visit(current, below: String(start))
            } catch {
                if [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) { return ListedPage() }
                throw StorageError(inStore: error, doing: action)
            }
            walk.found.objects.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return walk.found
        }
    }

    private struct Walk {
        let prefix: String
        let isShallow: Bool
        var found = ListedPage()

        mutating func visit(_ folder: Folder, below path: String) throws(POSIXError) {
            let listing = try folder.listing()
            for index in 0..<listing.count {
                let bytes = listing.name(index)
                guard let status = try folder.status(index, of: listing) else { continue }
                guard let text = String(validating: bytes, as: UTF8.self), let name = FileKey.component(text) else {
                    found.leftOut.append(LeftOut(path: path + String(decoding: bytes, as: UTF8.self), reason: .name))
                    continue
                }
                let key = path + text
                guard key.hasPrefix(bytes: prefix) else { continue }
                if UnfinishedFile.isName(name) {
                    UnfinishedFile.sweep(name, in: folder)
                } else {
                    try visit(name, status, in: folder, key)
                }
            }
        }

        private mutating func visit(
            _ name: FilePath.Component, _ status: FileStatus, in folder: Folder, _ key: String
        ) throws(POSIXError) {
            switch status.kind {
            case .regular:
                found.objects.append(
                    ListedObject(
                        key: key, size: status.size, etag: FileStore.mark(status),
                        lastModified: Timestamp(seconds: Int(status.modifiedSeconds))))
            case .directory where isShallow: found.folders.append(key + "/")
            case .directory:
                do throws(POSIXError) { try visit(try folder.folder(name), below: key + "/") } catch {
                    // The folder may have been removed meanwhile.
                    guard error.errno == .noSuchFileOrDirectory else { throw error }
                }
            case .symbolicLink: found.leftOut.append(LeftOut(path: key, reason: .link))
            default: found.leftOut.append(LeftOut(path: key, reason: .special))
            }
        }
    }

    /// Returns the path of a key's file, after creating the folders above it; none of them is a symbolic link.
    package func path(making key: String) async throws(StorageError) -> FilePath {
        let action = "write \(name(key))"
        return try await BlockingThread.run { [self] () throws(StorageError) in
            let place = try FileKey(key, doing: action)
            _ = try makeFolder(place, action)
            return path(place)
        }
    }

    /// Returns the path of a key's file, which need not exist.
    package func path(of key: String) throws(StorageError) -> FilePath {
        path(try FileKey(key, doing: "find \(name(key))"))
    }

    private func path(_ key: FileKey) -> FilePath {
        var path = root
        for name in key.folders { path.append(name) }
        path.append(key.name)
        return path
    }
}
