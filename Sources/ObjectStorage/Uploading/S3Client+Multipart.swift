import HTTP
import Hashing
import POSIX

/// Multipart uploads of files. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
extension S3Client {
    /// How many times an upload is restarted or repaired before its error is thrown to the caller.
    private static let mostRounds = 3
    /// More tasks than any limit on parts; ``AdaptiveConcurrency`` decides which of them may move data.
    static let mostTasks = 64

    func uploadInParts(_ upload: Upload) async throws(StorageError) -> UploadedObject {
        var found: UploadRecord?
        switch try await unfinished(upload) {
        case .published(let object): return object
        case .goesOn(let record): found = record
        case .none: break
        }
        for _ in 1..<Self.mostRounds {
            let begun: PartsUpload
            if let found {
                begun = PartsUpload(upload, found, isJournaled: journal.isKept)
            } else {
                begun = try await begin(upload)
            }
            do throws(StorageError) { return try await finish(begun, isResumed: found != nil) } catch let refusal {
                switch refusal.reaction {
                case .resendParts where found == nil: found = begun.record
                case .resendParts, .startOver:
                    do throws(StorageError) {
                        if let object = try await published(upload, begun.record) { return object }
                    } catch { throw refusal }
                    if refusal.s3Code != "NoSuchUpload" { await abort(begun) }
                    await journal.forget(begun.record)
                    found = nil
                default: throw refusal
                }
            }
        }
        return try await finish(try await begin(upload), isResumed: false)
    }

    private func begin(_ upload: Upload) async throws(StorageError) -> PartsUpload {
        let ranges = PartRanges(cutting: upload.source.size, minimum: options.minimumPartSize)
        let token = UploadToken.make()
        let id = try await beginUpload(upload.key, token: token, upload.action)
        let record = UploadRecord(
            place: location.place(of: upload.key), uploadID: id, partSize: ranges.partSize, token: token,
            started: options.clock(), file: upload.source.identity)
        return PartsUpload(upload, record, isJournaled: await note(record, of: upload))
    }

    /// Starts a multipart upload and returns its upload ID.
    func beginUpload(_ key: String, token: String, _ action: String) async throws(StorageError) -> String {
        var call = S3Call("POST", key, doing: action)
        call.query = [("uploads", "")]
        call.headers = ["Content-Type": "application/octet-stream", UploadToken.header: token]
        let body = try await perform(call).body
        guard let id = (try? XMLElement(body))?["UploadId"], !id.isEmpty else {
            throw StorageError(.other, action, "the server began a multipart upload without an id")
        }
        return id
    }

    /// Sends the parts that the server does not have, and completes the upload.
    private func finish(_ begun: PartsUpload, isResumed: Bool) async throws(StorageError) -> UploadedObject {
        let upload = begun.upload
        let parts: [SentPart]
        do throws(StorageError) {
            let listed = isResumed ? try await listParts(begun) : [:]
            let order = PartOrder(partSize: begun.ranges.partSize)
            parts = try await BoundedTasks.run(begun.ranges.count, atOnce: Self.mostTasks) {
                [self] index throws(StorageError) in
                try await send(part: index, of: begun, as: PartTurn(order: order, part: index), listed: listed[index])
            }
            try upload.source.checkUnchanged()
        } catch {
            // An upload that this call started was not published. One that an earlier process started may be published
            // at this moment.
            let isCertain = isResumed ? await isUnpublished(begun) : true
            if isCertain, !begun.isWorthKeeping(after: error) { await discard(begun) }
            throw error
        }
        let object = begun.object(hashes: parts.map(\.hash))
        etags.remember(ExpectedETags.combined(parts.map(\.etag)), for: object.uploadToken)
        let published = try await complete(object, begun, parts)
        await journal.forget(begun.record)
        return published
    }

    private func send(
        part index: Int, of begun: PartsUpload, as turn: PartTurn, listed: ListedPart?
    ) async throws(StorageError) -> SentPart {
        let (upload, ranges) = (begun.upload, begun.ranges)
        let (offset, length) = (ranges.offset(index), ranges.length(index))
        let name = "part \(index + 1) of \(ranges.count)"
        let action = "\(upload.action), \(name)"
        let step = TransferWatch.begin("\(name) of \(S3Call.shortName(upload.key))", .hashing, as: turn)
        var isThrough = false
        defer {
            step?.end(wentWell: isThrough)
            // Also after a failure or cancellation: parts that wait for this one need not wait any longer.
            if isThrough { finish(turn) } else { hasher.start() }
        }
        let part = try await prepare(action, as: turn) { (pass) async throws(StorageError) in
            let isThere = listed?.size == length
            let hashes = try await hasher.hash(
                upload.source, offset: offset, length: length, withMD5: isThere || options.sendsContentMD5,
                mayWait: { !turn.isLowest })
            defer { upload.source.dropCache(offset: offset, length: length) }
            if isThere, let etag = listed?.etag, etag.lowercased() == hashes.md5?.hexadecimal {
                upload.progress.update(index, length)
                return SentPart(hash: hashes.sha256.hexadecimal, etag: etag)
            }
            var call = S3Call("PUT", upload.key, doing: action)
            call.query = [("partNumber", String(index + 1)), ("uploadId", begun.record.uploadID)]
            call.body = .file(upload.source.body, offset: offset, length: length)
            call.bodyHash = hashes.sha256.hexadecimal
            if options.sendsContentMD5 { call.headers["Content-MD5"] = hashes.md5?.base64 }
            call.onUpload = { upload.progress.update(index, $0) }
            call.beforeRetry = { () throws(StorageError) in try upload.source.checkUnchanged() }
            call.step = step
            call.move = PartMove(turn: turn, length: length) { [hasher] in
                pass.leave()
                hasher.start()
            }
            guard let etag = try await perform(call).headers["ETag"] else {
                throw StorageError(.other, action, "the answer has no ETag")
            }
            return SentPart(hash: hashes.sha256.hexadecimal, etag: Self.unquoted(etag))
        }
        isThrough = true
        return part
    }
}

/// A part that the server has stored.
struct SentPart: Sendable {
    /// SHA-256 in hexadecimal.
    let hash: String
    let etag: String
}

/// A multipart upload of one file.
struct PartsUpload: Sendable {
    let upload: Upload
    let record: UploadRecord
    /// True where the upload's record is on disk, so that a later process can resume it.
    let isJournaled: Bool

    init(_ upload: Upload, _ record: UploadRecord, isJournaled: Bool = true) {
        self.upload = upload
        self.record = record
        self.isJournaled = isJournaled
    }

    var ranges: PartRanges { PartRanges(size: upload.source.size, partSize: record.partSize) }

    func object(hashes: [String]) -> UploadedObject {
        UploadedObject(
            key: upload.key, size: upload.source.size, partSize: record.partSize, parts: hashes,
            uploadToken: record.token)
    }

    /// Returns whether the stored parts may be of use later.
    ///
    /// The parts of an upload that is not aborted because the server is unreachable expire by a lifecycle rule.
    func isWorthKeeping(after error: StorageError) -> Bool {
        if error.reaction == .startOver { return true }
        return isJournaled ? error.code != .changedWhileRead : [.unreachable, .cancelled].contains(error.code)
    }
}
