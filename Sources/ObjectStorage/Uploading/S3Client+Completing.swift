import HTTP
import POSIX

/// The last step of an upload in parts, which makes it an object or says why not.
extension S3Client {
    /// Publishes the parts; whatever the server says, the object itself decides whether that happened.
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

    /// Has the server make parts an object, which is `made`, or what `existing` finds where an answer was no good one.
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
            // An earlier attempt may have succeeded and its answer been lost. Why the upload failed says more than why the
            // question whether it did failed.
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

    /// The request that makes parts an object.
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
        // A server may join thousands of parts before it says a word.
        call.isJoining = true
        call.leastStallSeconds = min(600, options.stallSeconds * 10)
        return call
    }

    /// A Complete that fails late says so in the body of a 200.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    private func refusal(in answer: HTTPResponse, to call: S3Call) throws(StorageError) -> StorageError? {
        let document: XMLElement
        do throws(XMLError) { document = try XMLElement(answer.body) } catch {
            return StorageError(.other, call.action, "the answer to the last step is not whole: \(error)")
        }
        if document.name == "CompleteMultipartUploadResult" { return nil }
        return refusal(document, in: answer, to: call)
    }

    /// What an error says that came in the body of a 200.
    func refusal(_ document: XMLElement, in answer: HTTPResponse, to call: S3Call) -> StorageError {
        StorageError(
            answer, status: Self.status(document["Code"]), to: call, at: location, clockOffset: clockOffset,
            hiding: credentials)
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

    /// True for the refusals of a Complete that leave the parts behind, of no use to anybody.
    private static func isFinal(_ failure: StorageError) -> Bool {
        ["InvalidPartOrder", "MalformedXML", "PreconditionFailed"].contains(failure.s3Code ?? "")
    }

    /// Gives an upload up that was certainly not published.
    func discard(_ begun: PartsUpload) async {
        await abort(begun)
        await journal.forget(begun.record)
    }

    /// Gives the parts' space back; where that fails, the bucket's own rule for incomplete uploads does it.
    func abort(_ begun: PartsUpload) async {
        try? await abort(
            MultipartUpload(
                key: begun.upload.key, uploadID: begun.record.uploadID, started: begun.record.started))
    }
}
