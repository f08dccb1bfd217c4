import HTTP
import POSIX
public import SystemPackage

/// What became of an object that was fetched by its key alone.
public struct FetchedObject: Sendable, Hashable {
    /// Bytes.
    public let size: Int64
    /// Bytes that came over the network now; the others were there already.
    public let received: Int64
    /// True where the server's ETag proves the content; false where it says nothing of it.
    public let isVerified: Bool
}

/// Objects of which nothing is known but their key.
extension S3Client {
    /// Fetches an object; the file has its name, and is on the disk, only once it is whole.
    ///
    /// What an interrupted call has fetched of the same object is not fetched again, and a file that surely is the object
    /// not at all. The content is compared with the ETag where that is made of it.
    public func fetch(
        _ key: String, to file: FilePath, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(StorageError) -> FetchedObject {
        let action = "fetch \(location.name(key)) to \(file)"
        guard let status = try await head(key) else {
            throw StorageError(.noSuchKey, action, "there is no such object")
        }
        let etag = ObjectETag(status.etag)
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
        let moved = MovedBytes(progress)
        let missing = (0..<ranges.count).filter { !partial.done.contains($0) && ranges.length($0) > 0 }
        for index in partial.done where index < ranges.count { moved.update(index, ranges.length(index)) }
        let answers = try await BoundedTasks.run(missing.count, atOnce: Self.mostTasks) {
            [self] (number) async throws(StorageError) in
            let index = missing[number]
            return try await window.run(action) { () throws(StorageError) in
                let encrypts = try await fetch(part: index, ranges, of: key, status.etag, into: partial, moved, action)
                return (encrypts, moved: ranges.length(index))
            }
        }
        let isOurs = status.metadata[UploadToken.metadataName] != nil
        let mustFit = etag.mustFit(status.size, isOurs: isOurs) && !answers.contains(true)
        let fits = try await BlockingThread.run { () throws(StorageError) in
            do throws(POSIXError) {
                let fits = try etag.fits(partial.data, size: status.size)
                if fits || !mustFit { try partial.publish() } else { partial.discard() }
                return fits
            } catch { throw StorageError(error, doing: action) }
        }
        guard fits || !mustFit else {
            throw StorageError(
                .corrupted, action, "what came is not what the server's ETag \(status.etag) says; run it again")
        }
        return FetchedObject(
            size: status.size, received: missing.reduce(0) { $0 + ranges.length($1) }, isVerified: fits)
    }

    /// Fetches a part; true where the server says that it encrypts, so that its ETags are no MD5s.
    private func fetch(
        part index: Int, _ ranges: PartRanges, of key: String, _ etag: String, into partial: PartialFetch,
        _ moved: MovedBytes, _ action: String
    ) async throws(StorageError) -> Bool {
        let (offset, length) = (ranges.offset(index), ranges.length(index))
        var call = S3Call("GET", key, doing: action)
        call.headers["Range"] = "bytes=\(offset)-\(offset + length - 1)"
        for attempt in 0..<max(1, policy.attempts) {
            let sink = PartSink(offset: offset, length: length, restart: {}) { bytes, position in
                try partial.write(bytes, at: offset + position)
                moved.update(index, position + Int64(bytes.count))
            }
            var answer: HTTPResponse?
            do throws(StorageError) { answer = try await perform(call, sink: sink) } catch {
                // What follows the range in an answer was refused by ourselves.
                if !sink.isComplete { throw error }
            }
            if let came = answer?.headers["ETag"].map(Self.unquoted), !came.isEmpty, came != etag {
                partial.discard()
                throw StorageError(.corrupted, action, "the object was replaced while it was fetched; run it again")
            }
            if sink.isComplete {
                do throws(POSIXError) { try partial.note(index) } catch { throw StorageError(error, doing: action) }
                return answer.map(Self.encrypts) ?? false
            }
            try await pause(policy.wait(after: attempt), action)
        }
        throw StorageError(.corrupted, action, "the object is shorter than the server said")
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>, under ETag.
    private static func encrypts(_ answer: HTTPResponse) -> Bool {
        answer.headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") == true
            || answer.headers["x-amz-server-side-encryption-customer-algorithm"] != nil
    }
}
