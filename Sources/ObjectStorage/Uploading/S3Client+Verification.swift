import Hashing
import POSIX

/// Whether the bucket holds what was uploaded.
extension S3Client {
    /// True where the bucket holds what was uploaded; false only where the content is known to be another.
    package func verify(_ object: UploadedObject) async throws(StorageError) -> Bool {
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

/// The hash of a part that may be begun again.
///
/// One block after the other is added, each after the one before, and then it is finished by the task that waited for
/// them; this order makes the unchecked conformance true.
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
