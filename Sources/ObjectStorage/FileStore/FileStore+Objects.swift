import POSIX
import SystemPackage
import Timestamps

/// Operations on whole small objects.
extension FileStore {
    /// Writes a small object; with `once`, throws where an object with other content exists.
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
            // Writing the same content twice is not an error.
            let there = try open(key, action)
            guard there?.status.size == Int64(content.count), try read(key, limit: content.count, action) == content
            else { throw Self.taken(action) }
        }
    }

    /// Returns the content of an object of at most `limit` bytes; nil where there is no object.
    package func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]? {
        let action = "read \(name(key))"
        return try await BlockingThread.run { [self] () throws(StorageError) in try read(key, limit: limit, action) }
    }

    /// Returns the file's status as an object status; nil where there is no object.
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

    /// Deletes an object and the folders that become empty; does nothing where there is none.
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

    /// Returns a string that changes whenever the file does, in place of a server's ETag.
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

    /// Creates a file, fills it and publishes it; returns false where `once` is set and the name is taken.
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

    /// Creates a temporary file in a key's folder, and returns it with its final name.
    func makeFile(_ key: String, _ action: String) throws(StorageError) -> (NewFile, FilePath.Component) {
        let place = try FileKey(key, doing: action)
        var attempt = 0
        while true {
            let folder = try makeFolder(place, action)
            sweep(folder, of: place)
            do throws(POSIXError) { return (try NewFile(in: folder), place.name) } catch {
                // A concurrent delete of the folder's last file has removed the folder.
                guard error.errno == .noSuchFileOrDirectory, attempt < 8 else {
                    throw StorageError(inStore: error, doing: action)
                }
                attempt += 1
            }
        }
    }
}
