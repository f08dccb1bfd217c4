import HTTP
import Hashing
import POSIX
import Timestamps

/// Resuming uploads that an earlier process, or an earlier attempt of this one, started.
extension S3Client {
    /// The state of an earlier upload to the same key.
    enum UnfinishedUpload {
        case none
        /// The upload's parts can be used.
        case goesOn(UploadRecord)
        /// The upload was published, and only the answer was lost.
        case published(UploadedObject)
    }

    func unfinished(_ upload: Upload) async throws(StorageError) -> UnfinishedUpload {
        guard let record = await journal.record(of: location.place(of: upload.key)) else { return .none }
        let isSameFile = record.file == upload.source.identity
        let age = options.clock().seconds - record.started.seconds
        if isSameFile, age < UploadRecord.mostSeconds { return .goesOn(record) }
        // Abort only after the object has shown that this upload did not create it.
        if let object = try await published(upload, record) { return .published(object) }
        await discard(PartsUpload(upload, record))
        return .none
    }

    /// Returns the object that an upload created although its answer was lost; nil where another upload created it.
    func published(_ upload: Upload, _ record: UploadRecord) async throws(StorageError) -> UploadedObject? {
        guard let status = try await head(upload.key), status.size == upload.source.size else { return nil }
        let token = status.metadata[UploadToken.metadataName]
        // A server that stores no metadata returns no token; then only the content can decide.
        guard token == nil || token == record.token, record.file == upload.source.identity else { return nil }
        let begun = PartsUpload(upload, record)
        let order = PartOrder(partSize: record.partSize, isBounded: false)
        let hashes = try await BoundedTasks.run(begun.ranges.count, atOnce: Self.mostTasks) {
            [self] index throws(StorageError) in
            let (offset, length) = (begun.ranges.offset(index), begun.ranges.length(index))
            let turn = PartTurn(order: order, part: index)
            defer { finish(turn) }
            return try await prepare(upload.action, as: turn) { (_) async throws(StorageError) in
                let hashes = try await hasher.hash(upload.source, offset: offset, length: length, withMD5: false)
                upload.progress.update(index, length)
                return hashes.sha256.hexadecimal
            }
        }
        try upload.source.checkUnchanged()
        let object = begun.object(hashes: hashes)
        if token == nil {
            guard try await readsBack(object) else { return nil }
        }
        await journal.forget(record)
        return object
    }

    /// Returns true where the object was certainly not created by this upload.
    func isUnpublished(_ begun: PartsUpload) async -> Bool {
        do throws(StorageError) { return try await !isOurs(begun.upload.key, begun.record.token) } catch {
            return false
        }
    }

    /// Records an upload before its first part is sent; returns false where no later process can resume it.
    ///
    /// A full disk must not keep a checkpoint from leaving it: the upload continues, and `options.notice` reports the
    /// problem.
    func note(_ record: UploadRecord, of upload: Upload) async -> Bool {
        do throws(POSIXError) { return try await journal.note(record) } catch {
            options.notice?("\(upload.action) starts over if this process is killed: \(error)")
            return false
        }
    }

    /// Returns the parts that the server has of an upload, by part number less one.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
    func listParts(_ begun: PartsUpload) async throws(StorageError) -> [Int: ListedPart] {
        try await listParts(begun.upload.key, begun.record.uploadID, begun.upload.action)
    }

    /// Returns the parts of an upload, by part number less one.
    func listParts(_ key: String, _ uploadID: String, _ action: String) async throws(StorageError) -> [Int: ListedPart]
    {
        var call = S3Call("GET", key, doing: action)
        var parts: [Int: ListedPart] = [:]
        var marker = 0
        repeat {
            call.query = [
                ("max-parts", "1000"), ("part-number-marker", String(marker)), ("uploadId", uploadID),
            ]
            let document = try await document(call)
            let numbers = document.all("Part").compactMap { part -> Int? in
                guard let number = part["PartNumber"].flatMap({ Int($0) }), (1...10_000).contains(number),
                    let size = ObjectSize.read(part["Size"]), let etag = part["ETag"]
                else { return nil }
                parts[number - 1] = ListedPart(size: size, etag: Self.unquoted(etag))
                return number
            }
            guard document["IsTruncated"] == "true" else { return parts }
            // A page that does not advance ends the listing; parts missing from it are sent again.
            guard let last = numbers.max(), last > marker else { return parts }
            marker = last
        } while marker < 10_000
        return parts
    }
}

/// A part in a ListParts answer.
struct ListedPart: Sendable, Hashable {
    let size: Int64
    let etag: String
}
