import Hashing
import POSIX

/// Verifies that the bucket holds the uploaded content.
extension S3Client {
    /// Returns true where the bucket holds the uploaded content; false only where the content is known to differ.
    package func verify(
        _ object: UploadedObject, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool {
        guard let status = try await head(object.key), status.size == object.size else { return false }
        if !object.uploadToken.isEmpty {
            if status.metadata[UploadToken.metadataName] == object.uploadToken { return true }
            if let expected = etags[object.uploadToken], expected == status.etag { return true }
        }
        return try await readsBack(object)
    }

    /// Reads the object once and compares each part's hash.
    func readsBack(_ object: UploadedObject) async throws(StorageError) -> Bool {
        let action = "read back \(location.name(object.key))"
        guard let ranges = object.ranges else { return false }
        let order = PartOrder(partSize: ranges.partSize, isBounded: false)
        let parts = try await BoundedTasks.run(ranges.count, atOnce: Self.mostTasks) {
            [self] index throws(StorageError) in
            let turn = PartTurn(order: order, part: index)
            defer { finish(turn) }
            let (offset, length) = (ranges.offset(index), ranges.length(index))
            let hash = PartHash()
            let hasher = PartWriter(blocks, at: offset, isOrdered: true) { bytes, position in
                if position == offset { hash.restart() }
                hash.update(bytes)
            }
            try await fetch(object.key, offset: offset, length: length, into: hasher, as: turn, of: ranges, action)
            return hash.finish() == object.parts[index]
        }
        return parts.allSatisfy { $0 }
    }
}

/// The hash of a part that may be restarted.
///
/// `PartWriter` adds the blocks one after the other, and the task that waits for them finishes the hash afterwards.
/// This order makes the unchecked conformance safe.
private final class PartHash: @unchecked Sendable {
    private var sha256 = SHA256()

    func restart() { sha256 = SHA256() }
    func update(_ bytes: UnsafeRawBufferPointer) { sha256.update(bytes) }
    func finish() -> String {
        var done = SHA256()
        swap(&done, &sha256)
        return done.finish().hexadecimal
    }
}
