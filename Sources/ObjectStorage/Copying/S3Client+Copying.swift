import HTTP
import Hashing
import POSIX

/// Copies within the service. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html>
extension S3Client {
    private static let notImplemented = "NotImplemented"
    /// The most bytes that one request may copy.
    private static let mostInOne: Int64 = 5 << 30

    /// Copies an object from this or another bucket of the same service.
    ///
    /// Returns true where ETag or token prove that the copy is the same, false where only its size matches, and nil
    /// where the service cannot copy or the source is at another endpoint. `progress` receives the number of bytes
    /// copied so far.
    package func copy(
        _ sourceKey: String, from source: any ObjectStore, to key: String, once: Bool,
        progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(StorageError) -> Bool? {
        guard let source = source as? S3Client, source.location.endpoint == location.endpoint else { return nil }
        let action = "copy \(source.location.name(sourceKey)) to \(location.name(key))"
        guard let status = try await source.head(sourceKey) else {
            throw StorageError(.noSuchKey, action, "there is no such object")
        }
        let copy = ObjectCopy(
            source: "/\(source.location.bucket)/\(PercentEncoding.encode(sourceKey, keepingSlash: true))",
            status: status, key: key, once: once, action: action, moved: MovedBytes(progress))
        // The copy gets the same multipart ETag where it is divided into the same parts.
        let ranges = PartRanges(cutting: status.size, minimum: options.minimumPartSize)
        let isCutAlike = ObjectETag(status.etag).isCut(like: ranges)
        do throws(StorageError) {
            if isCutAlike || status.size > Self.mostInOne {
                try await copyInParts(copy, ranges)
            } else {
                _ = try await carryOut(copy.request, expecting: "CopyObjectResult")
            }
        } catch {
            if error.s3Code == Self.notImplemented { return nil }
            throw error
        }
        progress?(status.size)
        guard let made = try await head(key), made.size == status.size else {
            throw StorageError(.corrupted, action, "the copy has another length; copy it again")
        }
        return made.isSame(as: status)
    }

    /// Copies an upload within the bucket; the copy has the same upload token, which identifies its content.
    package func copy(_ object: UploadedObject, to key: String) async throws(StorageError) -> UploadedObject? {
        guard try await copy(object.key, from: self, to: key, once: false) == true,
            let made = try await head(key), made.size == object.size,
            made.metadata[UploadToken.metadataName] == object.uploadToken
        else { return nil }
        return UploadedObject(
            key: key, size: object.size, partSize: object.partSize, parts: object.parts,
            uploadToken: object.uploadToken)
    }

    /// Returns true where two objects of the same service certainly have the same content.
    package func isSame(
        _ key: String, as otherKey: String, in other: any ObjectStore
    ) async throws(StorageError) -> Bool {
        guard other is S3Client else { return false }
        guard let one = try await head(key), let two = try await other.head(otherKey) else { return false }
        return one.isSame(as: two)
    }

    private func copyInParts(_ copy: ObjectCopy, _ ranges: PartRanges) async throws(StorageError) {
        let token = copy.status.metadata[UploadToken.metadataName] ?? UploadToken.make()
        let id = try await beginUpload(copy.key, token: token, copy.action)
        do throws(StorageError) {
            let order = PartOrder(partSize: ranges.partSize)
            let etags = try await BoundedTasks.run(ranges.count, atOnce: Self.mostTasks) {
                [self] (index) async throws(StorageError) in
                let turn = PartTurn(order: order, part: index)
                defer { finish(turn) }
                let (offset, length) = (ranges.offset(index), ranges.length(index))
                var call = copy.request
                call.query = [("partNumber", String(index + 1)), ("uploadId", id)]
                call.headers["x-amz-copy-source-range"] = "bytes=\(offset)-\(offset + length - 1)"
                call.headers["If-None-Match"] = nil
                // The service moves these bytes; they say nothing about the network's speed.
                call.move = PartMove(turn: turn, length: 0)
                let answer = try await carryOut(call, expecting: "CopyPartResult")
                copy.moved.update(index, length)
                guard let etag = answer["ETag"] else {
                    throw StorageError(.other, copy.action, "the answer has no ETag")
                }
                return Self.unquoted(etag)
            }
            let call = completion(copy.key, uploadID: id, etags: etags, once: copy.once, copy.action)
            // A lost answer may have been a success: then the object has the token. The source may have the same token,
            // and so may an object that was copied from it earlier.
            _ = try await publish(call, true) { (failure) throws(StorageError) in
                if failure.code == .preconditionFailed { return nil }
                return try await isOurs(copy.key, token) ? true : nil
            }
        } catch {
            try? await abort(MultipartUpload(key: copy.key, uploadID: id, started: nil))
            throw error
        }
    }

    /// Sends a copy request, and retries it where the body of a 200 is an error that allows it.
    private func carryOut(_ call: S3Call, expecting name: String) async throws(StorageError) -> XMLElement {
        var attempt = 0
        while true {
            let answer = try await perform(call)
            let document: XMLElement
            do throws(XMLError) { document = try XMLElement(answer.body) } catch {
                // A server without support for copies has stored the empty body as the object's content.
                throw StorageError(
                    .other, call.action, "the server does not say that it copied", s3Code: Self.notImplemented)
            }
            if document.name == name { return document }
            let failure = refusal(document, in: answer, to: call)
            guard failure.reaction == .retry, attempt + 1 < policy.attempts else { throw failure }
            try await pause(policy.wait(after: attempt), call.action)
            attempt += 1
        }
    }
}

/// The copy of one object within its service.
private struct ObjectCopy: Sendable {
    /// Bucket and key as a path.
    let source: String
    let status: ObjectStatus
    let key: String
    let once: Bool
    let action: String
    let moved: MovedBytes

    /// The request that copies the whole object.
    var request: S3Call {
        var call = S3Call("PUT", key, doing: action)
        call.headers["x-amz-copy-source"] = source
        // An object that was replaced meanwhile must not be copied.
        if !status.etag.isEmpty { call.headers["x-amz-copy-source-if-match"] = "\"\(status.etag)\"" }
        if once { call.headers["If-None-Match"] = "*" }
        // A server may copy gigabytes before it sends the first byte of its answer.
        call.leastStallSeconds = 600
        return call
    }
}

extension ObjectStatus {
    /// Returns true where both certainly have the same content: the same upload token or the same ETag.
    func isSame(as other: ObjectStatus) -> Bool {
        guard size == other.size else { return false }
        let token = metadata[UploadToken.metadataName]
        return (!etag.isEmpty && etag == other.etag)
            || (token != nil && token == other.metadata[UploadToken.metadataName])
    }
}
