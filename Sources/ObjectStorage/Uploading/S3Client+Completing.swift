import HTTP
import POSIX

/// CompleteMultipartUpload, the last step of a multipart upload, and its failures.
extension S3Client {
    /// Completes the multipart upload; after a failed answer, checks the object itself to see whether it was published.
    func complete(
        _ object: UploadedObject, _ begun: PartsUpload, _ parts: [SentPart]
    ) async throws(StorageError) -> UploadedObject {
        let call = completion(
            begun.upload.key, uploadID: begun.record.uploadID, etags: parts.map(\.etag), once: begun.upload.once,
            begun.upload.action)
        do throws(StorageError) {
            return try await publish(call, object) { (_) throws(StorageError) in try await existing(like: object) }
        } catch {
            if Self.isFinal(error) { await discard(begun) }
            throw error
        }
    }

    /// Sends a Complete request and returns `made`; after a failure, returns what `existing` finds, if anything.
    func publish<Made: Sendable>(
        _ call: S3Call, _ made: Made, orElse existing: (_ failure: StorageError) async throws(StorageError) -> Made?
    ) async throws(StorageError) -> Made {
        var attempt = 0
        while true {
            let failure: StorageError
            do throws(StorageError) {
                guard let refusal = try refusal(in: try await perform(call), to: call) else { return made }
                failure = refusal
            } catch { failure = error }
            // An earlier attempt may have succeeded and its answer been lost. If the check for the object fails too,
            // throw the upload's failure: it says more than the check's.
            do throws(StorageError) {
                if failure.code != .cancelled, let existing = try await existing(failure) { return existing }
            } catch { throw failure }
            guard failure.code == .unreachable, failure.s3Code != nil, attempt + 1 < policy.attempts else {
                throw failure
            }
            try await pause(policy.wait(after: attempt), call.action)
            attempt += 1
        }
    }

    /// Returns the CompleteMultipartUpload request.
    func completion(_ key: String, uploadID: String, etags: [String], once: Bool, _ action: String) -> S3Call {
        var call = S3Call("POST", key, doing: action)
        call.query = [("uploadId", uploadID)]
        let lines = etags.enumerated().map {
            "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>&quot;\($1)&quot;</ETag></Part>"
        }
        call.carry(
            Array(
                "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(lines.joined())</CompleteMultipartUpload>"
                    .utf8), contentType: "application/xml")
        if once { call.headers["If-None-Match"] = "*" }
        // A server may join thousands of parts before it sends the first byte of its answer.
        call.isJoining = true
        call.leastStallSeconds = min(600, options.stallSeconds * 10)
        return call
    }

    /// Returns the error in the body of a 200, which is how S3 reports a Complete that fails late.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    private func refusal(in answer: HTTPResponse, to call: S3Call) throws(StorageError) -> StorageError? {
        let document: XMLElement
        do throws(XMLError) { document = try XMLElement(answer.body) } catch {
            return StorageError(.other, call.action, "the answer to the last step is not whole: \(error)")
        }
        if document.name == "CompleteMultipartUploadResult" { return nil }
        return refusal(document, in: answer, to: call)
    }

    /// Returns the error described by an error document in the body of a 200.
    func refusal(_ document: XMLElement, in answer: HTTPResponse, to call: S3Call) -> StorageError {
        StorageError(
            answer, status: Self.status(document["Code"]), to: call, at: location, clockOffset: clockOffset,
            hiding: credentials)
    }

    /// Returns the HTTP status that S3 would have sent for the error code before it committed to 200.
    private static func status(_ s3Code: String?) -> Int {
        switch s3Code {
        case "NoSuchUpload": 404
        case "PreconditionFailed": 412
        case "InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", nil: 503
        default: 400
        }
    }

    /// Returns true for failures of a Complete that leave parts behind which no later attempt can use.
    private static func isFinal(_ failure: StorageError) -> Bool {
        ["InvalidPartOrder", "MalformedXML", "PreconditionFailed"].contains(failure.s3Code ?? "")
    }

    /// Aborts an upload that was certainly not published, and removes its record.
    func discard(_ begun: PartsUpload) async {
        await abort(begun)
        await journal.forget(begun.record)
    }

    /// Aborts the upload to free its parts.
    ///
    /// If that fails, the bucket's lifecycle rule for incomplete uploads frees them.
    func abort(_ begun: PartsUpload) async {
        try? await abort(
            MultipartUpload(
                key: begun.upload.key, uploadID: begun.record.uploadID, started: begun.record.started))
    }
}
