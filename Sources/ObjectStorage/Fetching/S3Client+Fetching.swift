import HTTP
import POSIX
package import SystemPackage

/// The result of fetching an object by its key alone.
package struct FetchedObject: Sendable, Hashable {
    /// The size in bytes.
    package let size: Int64
    /// The bytes received over the network; the others were present already.
    package let received: Int64
    /// True where the server's ETag proves the content; false where the ETag proves nothing.
    package let isVerified: Bool
}

/// Downloads of objects for which no part hashes are known.
extension S3Client {
    /// Fetches an object; the file appears under its name, synced to disk, only when it is complete.
    ///
    /// Parts that an interrupted call has fetched are not fetched again, nor is a file that certainly has the object's
    /// content. The content is compared with the ETag where the ETag is a hash of it.
    package func fetch(
        _ key: String, to file: FilePath, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(StorageError) -> FetchedObject {
        let action = "fetch \(location.name(key)) to \(file)"
        guard let status = try await head(key) else {
            throw StorageError(.noSuchKey, action, "there is no such object")
        }
        if try await Self.isSame(file, size: status.size, etag: status.etag) {
            progress?(status.size)
            return FetchedObject(size: status.size, received: 0, isVerified: true)
        }
        let ranges = PartRanges(cutting: status.size, minimum: options.minimumPartSize)
        let identity =
            "\(location.endpoint.authority) \(location.bucket) \(status.etag) \(status.size) \(ranges.partSize)"
        let partial = try await BlockingThread.run { () throws(StorageError) in
            try PartialFetch(file, identity: identity, doing: action)
        }
        let fetch = Fetch(
            key: key, etag: ObjectETag(status.etag), ranges: ranges, partial: partial, moved: MovedBytes(progress),
            action: action, order: PartOrder(partSize: ranges.partSize, isBounded: false))
        let parts = try await BoundedTasks.run(ranges.count, atOnce: Self.mostTasks) {
            [self] (index) async throws(StorageError) in try await part(index, of: fetch)
        }
        let isOurs = status.metadata[UploadToken.metadataName] != nil
        let mustFit = fetch.etag.mustFit(status.size, isOurs: isOurs) && !parts.contains { $0.isEncrypted }
        let fits = try await BlockingThread.run { () throws(StorageError) in
            do throws(POSIXError) {
                var fits = fetch.etag.fits(parts.compactMap(\.md5))
                if !fits { fits = try fetch.etag.fits(partial.data, size: status.size, besides: ranges) }
                if fits || !mustFit { try partial.publish() } else { partial.discard() }
                return fits
            } catch { throw StorageError(error, doing: action) }
        }
        guard fits || !mustFit else {
            throw StorageError(
                .corrupted, action, "what came is not what the server's ETag \(status.etag) says; run it again")
        }
        return FetchedObject(
            size: status.size, received: parts.reduce(0) { $0 + $1.received }, isVerified: fits)
    }

    /// Fetches a missing part; hashes it while others arrive, where the ETag consists of such hashes.
    private func part(_ index: Int, of fetch: Fetch) async throws(StorageError) -> FetchedPart {
        let (offset, length) = (fetch.ranges.offset(index), fetch.ranges.length(index))
        var part = FetchedPart()
        if fetch.partial.done.contains(index) || length == 0 {
            fetch.moved.update(index, length)
        } else {
            part.received = length
            let turn = PartTurn(order: fetch.order, part: index)
            defer { finish(turn) }
            part.isEncrypted = try await receive(index, of: fetch, as: turn)
        }
        guard fetch.etag.isCut(like: fetch.ranges) else { return part }
        part.md5 = try await fetch.hashing.run(fetch.action, atMost: { Processors.count }) {
            (_) async throws(StorageError) in
            try await BlockingThread.run(inBackground: limits.isBackground) { () throws(StorageError) in
                do throws(POSIXError) {
                    return try ObjectETag.md5(fetch.partial.data, offset: offset, length: length)
                } catch { throw StorageError(error, doing: fetch.action) }
            }
        }
        return part
    }

    /// Fetches a part; returns true where the server reports encryption, so that its ETags are not MD5s.
    private func receive(_ index: Int, of fetch: Fetch, as turn: PartTurn) async throws(StorageError) -> Bool {
        let (offset, length) = (fetch.ranges.offset(index), fetch.ranges.length(index))
        let (partial, action) = (fetch.partial, fetch.action)
        let writer = PartWriter(blocks, at: offset) { (bytes, offset) throws(StorageError) in
            do throws(POSIXError) { try partial.write(bytes, at: offset) } catch {
                throw StorageError(error, doing: action)
            }
        }
        var isEncrypted = false
        try await self.fetch(
            fetch.key, offset: offset, length: length, into: writer, as: turn, of: fetch.ranges, action,
            progress: { fetch.moved.update(index, $0) }
        ) { (answer) throws(StorageError) in
            isEncrypted = Self.encrypts(answer)
            let came = answer.headers["ETag"].map(Self.unquoted) ?? ""
            guard came.isEmpty || fetch.etag.isSame(came) else {
                partial.discard()
                throw StorageError(.corrupted, action, "the object was replaced while it was fetched; run it again")
            }
        }
        do throws(POSIXError) { try partial.note(index) } catch { throw StorageError(error, doing: action) }
        blocks.run { partial.beginSync(offset: offset, length: length) }
        return isEncrypted
    }

    /// Returns whether the object is encrypted so that its ETag is not an MD5.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>, under ETag.
    private static func encrypts(_ answer: HTTPResponse) -> Bool {
        answer.headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") == true
            || answer.headers["x-amz-server-side-encryption-customer-algorithm"] != nil
    }
}

/// The fetch of one object.
private struct Fetch: Sendable {
    let key: String
    let etag: ObjectETag
    let ranges: PartRanges
    let partial: PartialFetch
    let moved: MovedBytes
    let action: String
    let order: PartOrder
    /// MD5 is slower than most networks, so every core may compute it.
    let hashing = AsyncSemaphore()
}

/// The result of one part.
private struct FetchedPart: Sendable {
    /// The bytes received in this call.
    var received: Int64 = 0
    var isEncrypted = false
    /// nil where the ETag does not consist of the hashes of such parts.
    var md5: [UInt8]?
}
