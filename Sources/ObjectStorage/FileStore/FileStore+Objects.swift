import POSIX
import SystemPackage
import Timestamps

/// Whole small objects.
extension FileStore {
    /// Writes a small object; with `once` one that is there already and is another is left alone.
    package func put(
        _ key: String, _ content: [UInt8], contentType: String, once: Bool
    ) async throws(StorageError) {
        let action = "write \(name(key))"
        try await BlockingThread.run { [self] () throws(StorageError) in
            let isPublished = try write(key, once: once, action) { (file) throws(POSIXError) in
                var failure: POSIXError?
                content.withUnsafeBytes { bytes in
                    do throws(POSIXError) { try file.write(bytes, at: 0) } catch { failure = error }
                }
                if let failure { throw failure }
            }
            if isPublished { return }
            // Who writes the same twice has lost nothing.
            let there = try open(key, action)
            guard there?.status.size == Int64(content.count), try read(key, limit: content.count, action) == content
            else { throw Self.taken(action) }
        }
    }

    /// The content of an object of at most `limit` bytes, nil where there is none.
    package func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]? {
        let action = "read \(name(key))"
        return try await BlockingThread.run { [self] () throws(StorageError) in try read(key, limit: limit, action) }
    }

    /// What the file system tells of an object, nil where there is none.
    package func head(_ key: String) async throws(StorageError) -> ObjectStatus? {
        let action = "examine \(name(key))"
        return try await BlockingThread.run { [self] () throws(StorageError) in
            try open(key, action).map { file in
                ObjectStatus(
                    size: file.status.size, etag: Self.mark(file.status), metadata: [:],
                    lastModified: Timestamp(seconds: Int(file.status.modifiedSeconds)).http)
            }
        }
    }

    /// Removes an object, and the folders that are empty without it; nothing happens where there is none.
    package func delete(_ key: String) async throws(StorageError) {
        let action = "delete \(name(key))"
        try await BlockingThread.run { [self] () throws(StorageError) in
            let place = try FileKey(key, doing: action)
            var folders = [try openRoot(action)]
            do throws(POSIXError) {
                for name in place.folders { folders.append(try folders[folders.count - 1].folder(name)) }
                try folders[folders.count - 1].remove(place.name)
            } catch {
                if error.errno == .noSuchFileOrDirectory { return }
                throw StorageError(inStore: error, doing: action)
            }
            sweep(folders[folders.count - 1], of: place)
            for (index, name) in place.folders.enumerated().reversed() {
                guard folders[index].removeEmptyFolder(name) else { return }
            }
        }
    }

    static func taken(_ action: String) -> StorageError {
        StorageError(.preconditionFailed, action, "something else is there already")
    }

    /// Changes whenever the file does, as a server's ETag.
    static func mark(_ status: FileStatus) -> String {
        "\(String(status.inode, radix: 16))-\(String(status.size, radix: 16))-\(String(status.modified, radix: 16))"
    }

    private func read(_ key: String, limit: Int, _ action: String) throws(StorageError) -> [UInt8]? {
        guard let file = try open(key, action) else { return nil }
        var content: [UInt8] = []
        do throws(POSIXError) {
            try file.file.forEachPiece(offset: 0, length: Int64(limit) + 1) { bytes, _ in content += bytes }
        } catch { throw StorageError(inStore: error, doing: action) }
        guard content.count <= limit else {
            throw StorageError(.other, action, "the object is longer than \(limit) bytes")
        }
        return content
    }

    /// Makes a file, lets it be filled, and publishes it; false where `once` is said and the name is taken.
    private func write(
        _ key: String, once: Bool, _ action: String, _ fill: (NewFile) throws(POSIXError) -> Void
    ) throws(StorageError) -> Bool {
        let (file, name) = try makeFile(key, action)
        do throws(POSIXError) {
            try fill(file)
            let isPublished = try file.publish(as: name, once: once)
            if !isPublished { file.discard() }
            return isPublished
        } catch {
            file.discard()
            throw StorageError(inStore: error, doing: action)
        }
    }

    /// A new file in the folder of a key, and the name that it is to have.
    func makeFile(_ key: String, _ action: String) throws(StorageError) -> (NewFile, FilePath.Component) {
        let place = try FileKey(key, doing: action)
        var attempt = 0
        while true {
            let folder = try makeFolder(place, action)
            sweep(folder, of: place)
            do throws(POSIXError) { return (try NewFile(in: folder), place.name) } catch {
                // Whoever deleted the last file beside took the folder away.
                guard error.errno == .noSuchFileOrDirectory, attempt < 8 else {
                    throw StorageError(inStore: error, doing: action)
                }
                attempt += 1
            }
        }
    }
}
