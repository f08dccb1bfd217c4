import POSIX
import HTTP
import Hashing

/// Files in parts. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
extension S3Client {
    private struct SentPart: Sendable {
        let hash: String
        let etag: String
    }

    func uploadInParts(_ upload: Upload) async throws(StorageError) -> UploadedObject {
        do throws(StorageError) { return try await uploadInPartsOnce(upload) } catch {
            // The server forgot the upload before it was complete: there is nothing to go on with.
            guard error.s3Code == "NoSuchUpload" else { throw error }
            return try await uploadInPartsOnce(upload)
        }
    }

    private func uploadInPartsOnce(_ upload: Upload) async throws(StorageError) -> UploadedObject {
        let ranges = PartRanges(cutting: upload.source.size, minimum: options.minimumPartSize)
        let id = try await create(upload)
        let parts: [SentPart]
        do throws(StorageError) {
            parts = try await BoundedTasks.run(ranges.count, atOnce: options.partsAtOnce) {
                [self] index throws(StorageError) in try await send(part: index, of: upload, ranges, id)
            }
            try upload.source.checkUnchanged()
        } catch {
            // Nothing was published, that is certain; what cannot be reached forgets its parts by itself.
            if ![.unreachable, .cancelled].contains(error.code) { await abort(upload.key, id) }
            throw error
        }
        let object = UploadedObject(
            key: upload.key, size: upload.source.size, partSize: ranges.partSize, parts: parts.map(\.hash),
            uploadToken: upload.token)
        etags.remember(ExpectedETags.combined(parts.map(\.etag)), for: upload.token)
        return try await complete(object, upload, parts, id)
    }

    private func create(_ upload: Upload) async throws(StorageError) -> String {
        var call = S3Call("POST", upload.key, doing: upload.action)
        call.query = [("uploads", "")]
        call.headers = ["Content-Type": "application/octet-stream", UploadToken.header: upload.token]
        let body = try await perform(call).body
        guard let id = (try? XMLElement(body))?["UploadId"], !id.isEmpty else {
            throw StorageError(.other, upload.action, "the server began a multipart upload without an id")
        }
        return id
    }

    private func send(
        part index: Int, of upload: Upload, _ ranges: PartRanges, _ id: String
    ) async throws(StorageError) -> SentPart {
        let (offset, length) = (ranges.offset(index), ranges.length(index))
        let hashes = try await upload.source.hash(offset: offset, length: length, withMD5: options.sendsPartMD5)
        var call = S3Call("PUT", upload.key, doing: "\(upload.action), part \(index + 1) of \(ranges.count)")
        call.query = [("partNumber", String(index + 1)), ("uploadId", id)]
        call.body = .file(upload.source.body, offset: offset, length: length)
        call.bodyHash = hashes.sha256.hexadecimal
        call.headers["Content-MD5"] = hashes.md5?.base64
        call.onUpload = { upload.progress.update(index, $0) }
        call.beforeRetry = { () throws(StorageError) in try upload.source.checkUnchanged() }
        guard let etag = try await perform(call).headers["ETag"] else {
            throw StorageError(.other, call.action, "the answer has no ETag")
        }
        return SentPart(hash: hashes.sha256.hexadecimal, etag: Self.unquoted(etag))
    }

    /// Publishes the parts; whatever the server says, the object itself decides whether that happened.
    private func complete(
        _ object: UploadedObject, _ upload: Upload, _ parts: [SentPart], _ id: String
    ) async throws(StorageError) -> UploadedObject {
        var call = S3Call("POST", upload.key, doing: upload.action)
        call.query = [("uploadId", id)]
        let lines = parts.enumerated().map {
            "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>&quot;\($1.etag)&quot;</ETag></Part>"
        }
        call.carry(
            Array(
                "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(lines.joined())</CompleteMultipartUpload>"
                    .utf8), contentType: "application/xml")
        if upload.once { call.headers["If-None-Match"] = "*" }
        // A server may join thousands of parts before it says a word.
        call.leastStallSeconds = min(600, options.stallSeconds * 10)
        var attempt = 0
        while true {
            let failure: StorageError
            do throws(StorageError) {
                let refusal = try refusal(in: try await perform(call), to: call)
                guard let refusal else { return object }
                failure = refusal
            } catch { failure = error }
            // An earlier attempt may have succeeded and its answer been lost: the token tells.
            if let existing = try await settled(object, after: failure) { return existing }
            if Self.isFinal(failure) { await abort(upload.key, id) }
            guard failure.code == .unreachable, failure.s3Code != nil, attempt + 1 < policy.attempts else {
                throw failure
            }
            try await pause(policy.wait(after: attempt), call.action)
            attempt += 1
        }
    }

    /// A Complete that fails late says so in the body of a 200.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    private func refusal(in answer: HTTPResponse, to call: S3Call) throws(StorageError) -> StorageError? {
        let document: XMLElement
        do throws(XMLError) { document = try XMLElement(answer.body) } catch {
            return StorageError(.other, call.action, "the answer to the last step is not whole: \(error)")
        }
        if document.name == "CompleteMultipartUploadResult" { return nil }
        return StorageError(
            answer, status: Self.status(document["Code"]), to: call, at: location, clockOffset: clockOffset)
    }

    /// The status that an error would have had if it had come in time.
    private static func status(_ s3Code: String?) -> Int {
        switch s3Code {
        case "NoSuchUpload": 404
        case "PreconditionFailed": 412
        case "InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", nil: 503
        default: 400
        }
    }

    private func settled(
        _ object: UploadedObject, after failure: StorageError
    ) async throws(StorageError) -> UploadedObject? {
        if failure.code == .cancelled { return nil }
        do throws(StorageError) {
            return try await existing(like: object)
        } catch {
            // Why the upload failed says more than why the question whether it did failed.
            throw failure
        }
    }

    /// True for the refusals of a Complete that leave the parts behind.
    private static func isFinal(_ failure: StorageError) -> Bool {
        ["EntityTooSmall", "InvalidPart", "InvalidPartOrder", "MalformedXML", "PreconditionFailed"]
            .contains(failure.s3Code ?? "")
    }

    /// Gives the parts' space back; where that fails, the bucket's own rule for incomplete uploads does it.
    private func abort(_ key: String, _ id: String) async {
        var call = S3Call("DELETE", key, doing: "abort the upload of \(location.name(key))")
        call.query = [("uploadId", id)]
        _ = try? await perform(call)
    }
}
