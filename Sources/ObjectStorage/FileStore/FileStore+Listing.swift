import ByteText
import POSIX
package import SystemPackage
import Timestamps

/// What a folder holds that is no object: whoever copies all of it must know.
package struct LeftOut: Sendable, Hashable {
    /// Why it is none.
    package enum Reason: Sendable, Hashable {
        /// A symbolic link, which is never followed.
        case link
        /// A FIFO, a socket or a device.
        case special
        /// A name that is not UTF-8, as keys are.
        case name
    }

    /// Where it is below the folder, as far as that can be written.
    package let path: String
    /// Why it is no object.
    package let reason: Reason
}

/// What a folder holds.
package struct ScannedFolder: Sendable {
    /// In the order of keys.
    package fileprivate(set) var objects: [ListedObject] = []
    /// Folders with a slash behind them, where the scan was not to go deeper.
    package fileprivate(set) var folders: [String] = []
    /// What is no object.
    package fileprivate(set) var leftOut: [LeftOut] = []
}

extension FileStore {
    /// Every object whose key begins so, in the order of keys.
    package func list(_ prefix: String) async throws(StorageError) -> [ListedObject] { try await scan(prefix).objects }

    /// Every object whose key begins so, and what else is there; with `isShallow` nothing behind the next slash.
    package func scan(_ prefix: String, isShallow: Bool = false) async throws(StorageError) -> ScannedFolder {
        let action = "list \(name(prefix))"
        return try await BlockingThread.run { [self] () throws(StorageError) in
            let start = prefix.lastIndex(byte: "/").map { prefix[..<prefix.utf8.index(after: $0)] } ?? ""
            var current = try openRoot(action)
            var walk = Walk(prefix: prefix, isShallow: isShallow)
            do throws(POSIXError) {
                for part in start.split(byte: "/", omittingEmptySubsequences: false).dropLast() {
                    // No key begins with what no key can be.
                    guard let component = FileKey.component(part) else { return ScannedFolder() }
                    current = try current.folder(component)
                }
                try walk.visit(current, below: String(start))
            } catch {
                if [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) { return ScannedFolder() }
                throw StorageError(inStore: error, doing: action)
            }
            walk.found.objects.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return walk.found
        }
    }

    private struct Walk {
        let prefix: String
        let isShallow: Bool
        var found = ScannedFolder()

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
                    // It may be gone by now.
                    guard error.errno == .noSuchFileOrDirectory else { throw error }
                }
            case .symbolicLink: found.leftOut.append(LeftOut(path: key, reason: .link))
            default: found.leftOut.append(LeftOut(path: key, reason: .special))
            }
        }
    }

    /// Where the file of a key is, every folder above it made; nothing on the way is a link.
    package func path(making key: String) async throws(StorageError) -> FilePath {
        let action = "write \(name(key))"
        return try await BlockingThread.run { [self] () throws(StorageError) in
            let place = try FileKey(key, doing: action)
            _ = try makeFolder(place, action)
            return path(place)
        }
    }

    /// Where the file of a key is or would be.
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
