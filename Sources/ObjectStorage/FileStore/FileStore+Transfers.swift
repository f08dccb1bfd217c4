import HTTP
import Hashing
import POSIX
package import SystemPackage

/// Uploads, downloads and verification of whole files.
extension FileStore {
    /// Copies a file into the folder; never publishes a file that changes while it is read.
    ///
    /// An object that already exists under the key counts as uploaded where its content equals the file's.
    package func upload(
        _ file: FilePath, to key: String, once: Bool, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> UploadedObject {
        let action = "copy \(file) to \(name(key))"
        let source = try await BlockingThread.run { () throws(StorageError) in
            try SourceFile(file, limits: nil, doing: action)
        }
        let ranges = Self.ranges(source.size)
        let (target, name) = try await BlockingThread.run { [self] () throws(StorageError) in
            try makeFile(key, action)
        }
        let moved = MovedBytes(progress)
        do throws(StorageError) {
            let parts = try await BoundedTasks.run(ranges.count, atOnce: Self.partsAtOnce) {
                [self] (index) async throws(StorageError) in
                try await copy(part: index, ranges, from: source, to: target, moved, action)
            }
            let object = UploadedObject(
                key: key, size: source.size,
                partSize: ranges.size < Self.minimumPartSize ? source.size : ranges.partSize,
                parts: parts, uploadToken: "")
            let isPublished = try await BlockingThread.run { () throws(StorageError) in
                try source.checkUnchanged()
                do throws(POSIXError) { return try target.publish(as: name, once: once) } catch {
                    throw StorageError(inStore: error, doing: action)
                }
            }
            if isPublished { return object }
            guard try await verify(object) else { throw Self.taken(action) }
            target.discard()
            return object
        } catch {
            target.discard()
            throw error
        }
    }

    /// Copies an object to a file, which appears under its name, synced to disk, only after every part's hash matched.
    package func download(
        _ object: UploadedObject, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) {
        let action = "copy \(name(object.key)) to \(file)"
        guard let ranges = object.ranges, let target = file.lastComponent else {
            throw StorageError(.corrupted, action, "its record has a wrong number of parts")
        }
        guard let source = try await opened(object.key, action) else { throw missing(action) }
        guard source.status.size == object.size else {
            throw StorageError(.corrupted, action, "it has \(source.status.size) bytes instead of \(object.size)")
        }
        let new = try await BlockingThread.run { () throws(StorageError) in
            do throws(POSIXError) {
                let folder = file.removingLastComponent()
                return try NewFile(in: Folder(folder.isEmpty ? "." : folder))
            } catch { throw StorageError(error, doing: action) }
        }
        let moved = MovedBytes(progress)
        do throws(StorageError) {
            _ = try await BoundedTasks.run(ranges.count, atOnce: Self.partsAtOnce) {
                [self] (index) async throws(StorageError) in
                let hash = try await hash(part: index, ranges, of: source, action) {
                    (bytes, offset) throws(POSIXError) in
                    try new.write(bytes, at: offset)
                    moved.update(index, offset - ranges.offset(index) + Int64(bytes.count))
                }
                guard hash == object.parts[index] else {
                    throw StorageError(
                        .corrupted, action, "part \(index + 1) of \(ranges.count) is not what was uploaded")
                }
            }
            try await BlockingThread.run { () throws(StorageError) in
                do throws(POSIXError) { _ = try new.publish(as: target, once: false) } catch {
                    throw StorageError(error, doing: action)
                }
            }
        } catch {
            new.discard()
            throw error
        }
    }

    /// Returns true where every part has the hash of the upload; `progress` receives the number of bytes read.
    ///
    /// Drops the file from the page cache first, so that the content is read from disk where the kernel complies.
    package func verify(
        _ object: UploadedObject, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool {
        let action = "read back \(name(object.key))"
        guard let ranges = object.ranges, let file = try await opened(object.key, action),
            file.status.size == object.size
        else { return false }
        file.file.dropCache(offset: 0, length: 0)
        let moved = MovedBytes(progress)
        let parts = try await BoundedTasks.run(ranges.count, atOnce: Self.partsAtOnce) {
            [self] (index) async throws(StorageError) in
            try await hash(part: index, ranges, of: file, action) { (bytes, offset) in
                moved.update(index, offset - ranges.offset(index) + Int64(bytes.count))
            } == object.parts[index]
        }
        file.file.dropCache(offset: 0, length: 0)
        return parts.allSatisfy { $0 }
    }

    /// Copies an object of which no record exists, and reads the copy back.
    package func fetch(
        _ key: String, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> FetchedObject {
        let action = "copy \(name(key)) to \(file)"
        let parent = file.removingLastComponent()
        guard let target = file.lastComponent else { throw StorageError(.other, action, "it is no name of a file") }
        guard try await opened(key, action) != nil else { throw missing(action) }
        let folder = FileStore(parent.isEmpty ? "." : parent)
        let copy = try await folder.upload(
            try path(of: key), to: target.string, once: false, progress: progress)
        guard try await folder.verify(copy) else {
            throw StorageError(.corrupted, action, "what was written is not what was read; copy it again")
        }
        return FetchedObject(size: copy.size, received: copy.size, isVerified: true)
    }

    /// Returns false: a file's modification time in a listing does not prove its content.
    package func proves(_ object: UploadedObject, _ listed: ListedObject) -> Bool { false }

    /// Returns true where an object has the content of a file; `progress` receives the number of the file's bytes read.
    package func holds(
        _ object: ListedObject, contentOf path: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool {
        let action = "compare \(path) with \(name(object.key))"
        guard let stored = try await opened(object.key, action) else { return false }
        return try await BlockingThread.run { () throws(StorageError) in
            do throws(POSIXError) {
                let other = try StoredFile(File(path, .read))
                let size = stored.status.size
                guard other.status.kind == .regular, other.status.size == size else { return false }
                if other.status.id == stored.status.id { return true }
                return try Self.digest(of: stored, size) { _ in } == Self.digest(of: other, size) { progress?($0) }
            } catch {
                if error.errno == .noSuchFileOrDirectory { return false }
                throw StorageError(error, doing: action)
            }
        }
    }

    private static func digest(
        of file: StoredFile, _ size: Int64, _ progress: (Int64) -> Void
    ) throws(POSIXError) -> [UInt8] {
        var hash = SHA256()
        try file.file.forEachPiece(offset: 0, length: size) { bytes, position in
            hash.update(bytes)
            progress(position + Int64(bytes.count))
        }
        return hash.finish()
    }

    private func opened(_ key: String, _ action: String) async throws(StorageError) -> StoredFile? {
        try await BlockingThread.run { [self] () throws(StorageError) in try open(key, action) }
    }

    private func missing(_ action: String) -> StorageError {
        StorageError(.noSuchKey, action, "there is no such file")
    }

    private static func ranges(_ size: Int64) -> PartRanges {
        size < minimumPartSize
            ? PartRanges(size: size, partSize: max(1, size)) : PartRanges(cutting: size, minimum: minimumPartSize)
    }

    /// Copies a part and returns its hash.
    private func copy(
        part index: Int, _ ranges: PartRanges, from source: SourceFile, to target: NewFile, _ moved: MovedBytes,
        _ action: String
    ) async throws(StorageError) -> String {
        let (offset, length) = (ranges.offset(index), ranges.length(index))
        let step = TransferWatch.begin("part \(index + 1) of \(ranges.count) of \(source.name)", .copying)
        var isThrough = false
        defer { step?.end(wentWell: isThrough) }
        let hash = try await BlockingThread.run(inBackground: limits.isBackground) { [limits] () throws(StorageError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 512 << 10, alignment: 4096)
            defer { buffer.deallocate() }
            var hash = SHA256()
            var position: Int64 = 0
            while position < length {
                let room = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<Int(min(Int64(buffer.count), length - position))])
                let count: Int
                do throws(POSIXError) { count = try source.body.read(into: room, at: offset + position) } catch {
                    throw StorageError(error, doing: action)
                }
                if count == 0 { break }
                let bytes = UnsafeRawBufferPointer(rebasing: room[..<count])
                hash.update(bytes)
                do throws(POSIXError) { try target.write(bytes, at: offset + position) } catch {
                    throw StorageError(inStore: error, doing: action)
                }
                position += Int64(count)
                moved.update(index, position)
                step?.move(position)
            }
            if position < length { try source.checkUnchanged() }
            if limits.sparesCache { source.body.dropCache(offset: offset, length: length) }
            return hash.finish().hexadecimal
        }
        isThrough = true
        return hash
    }

    /// Returns the SHA-256 of a stored part; `consume` receives its bytes with their file offset.
    private func hash(
        part index: Int, _ ranges: PartRanges, of file: StoredFile, _ action: String,
        _ consume: @escaping @Sendable (UnsafeRawBufferPointer, Int64) throws(POSIXError) -> Void
    ) async throws(StorageError) -> String {
        let (offset, length) = (ranges.offset(index), ranges.length(index))
        let step = TransferWatch.begin(
            "part \(index + 1) of \(ranges.count) of \(file.file.path.lastComponent?.string ?? "a file")", .receiving)
        var isThrough = false
        defer { step?.end(wentWell: isThrough) }
        let hash = try await BlockingThread.run(inBackground: limits.isBackground) { () throws(StorageError) in
            var hash = SHA256()
            do throws(POSIXError) {
                try file.file.forEachPiece(offset: offset, length: length) { (bytes, position) throws(POSIXError) in
                    hash.update(bytes)
                    try consume(bytes, offset + position)
                    step?.move(position + Int64(bytes.count))
                }
            } catch { throw StorageError(inStore: error, doing: action) }
            return hash.finish().hexadecimal
        }
        isThrough = true
        return hash
    }
}
