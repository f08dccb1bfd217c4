import HTTP

/// Requests for whole small objects.
extension S3Client {
    /// Writes a small object.
    ///
    /// With `once`, an existing object that this call did not write stays as it is, where the server supports
    /// conditional writes.
    package func put(_ key: String, _ content: [UInt8], contentType: String, once: Bool) async throws(StorageError) {
        let token = UploadToken.make()
        var call = S3Call("PUT", key, doing: "write \(location.name(key))")
        call.carry(content, contentType: contentType)
        call.headers[UploadToken.header] = token
        if once { call.headers["If-None-Match"] = "*" }
        do throws(StorageError) { _ = try await perform(call) } catch {
            // A retried request may find the object that the first one wrote.
            guard error.code == .preconditionFailed, try await isOurs(key, token) else { throw error }
        }
    }

    /// Returns true where the object has the upload token.
    func isOurs(_ key: String, _ token: String) async throws(StorageError) -> Bool {
        try await head(key)?.metadata[UploadToken.metadataName] == token
    }

    /// Returns the content of an object of at most `limit` bytes; nil where there is no object.
    package func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]? {
        let call = S3Call("GET", key, doing: "read \(location.name(key))")
        let body: [UInt8]
        // The limit leaves room for a whole error document, even where a smaller object is expected.
        do throws(StorageError) { body = try await perform(call, limit: max(limit, 64 << 10)).body } catch {
            if error.code == .noSuchKey { return nil }
            throw error
        }
        guard body.count <= limit else {
            throw StorageError(.other, call.action, "the object is longer than \(limit) bytes")
        }
        return body
    }

    /// Returns the size, ETag and metadata of an object; nil where there is no object.
    package func head(_ key: String) async throws(StorageError) -> ObjectStatus? {
        let action = "examine \(location.name(key))"
        let answer: HTTPResponse
        do throws(StorageError) { answer = try await perform(S3Call("HEAD", key, doing: action)) } catch {
            if error.code == .noSuchKey { return nil }
            throw try await explained(error, key, action)
        }
        guard let size = ObjectSize.read(answer.headers["Content-Length"]) else {
            throw StorageError(.other, action, "the answer has no Content-Length")
        }
        var metadata: [String: String] = [:]
        for field in answer.headers.fields {
            let name = field.name.lowercased()
            if name.hasPrefix("x-amz-meta-") { metadata[String(name.dropFirst("x-amz-meta-".count))] = field.value }
        }
        return ObjectStatus(
            size: size, etag: Self.unquoted(answer.headers["ETag"] ?? ""), metadata: metadata,
            lastModified: answer.headers["Last-Modified"])
    }

    /// Repeats a refused HEAD as a GET: only a GET's body tells an invalid key from one that lacks the permission.
    private func explained(
        _ refusal: StorageError, _ key: String, _ action: String
    ) async throws(StorageError) -> StorageError {
        guard [.accessDenied, .wrongKey].contains(refusal.code), refusal.s3Code == nil else { return refusal }
        var call = S3Call("GET", key, doing: action)
        call.headers["Range"] = "bytes=0-0"
        do throws(StorageError) { _ = try await perform(call) } catch {
            return error.s3Code == nil ? refusal : error
        }
        return refusal
    }

    /// Deletes an object; does nothing where there is none.
    package func delete(_ key: String) async throws(StorageError) {
        do throws(StorageError) {
            _ = try await perform(S3Call("DELETE", key, doing: "delete \(location.name(key))"))
        } catch {
            if error.code != .noSuchKey { throw error }
        }
    }

    static func unquoted(_ etag: String) -> String { String(etag.filter { $0 != "\"" }) }
}
