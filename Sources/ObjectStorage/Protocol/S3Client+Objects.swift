import HTTP

/// Whole small objects.
extension S3Client {
    /// Writes a small object; with `once` one that is there already and is not ours is left alone where the server can.
    package func put(_ key: String, _ content: [UInt8], contentType: String, once: Bool) async throws(StorageError) {
        let token = UploadToken.make()
        var call = S3Call("PUT", key, doing: "write \(location.name(key))")
        call.carry(content, contentType: contentType)
        call.headers[UploadToken.header] = token
        if once { call.headers["If-None-Match"] = "*" }
        do throws(StorageError) { _ = try await perform(call) } catch {
            // A repeated request may meet the object that the first one wrote.
            guard error.code == .preconditionFailed, try await isOurs(key, token) else { throw error }
        }
    }

    /// True where the object carries the token.
    func isOurs(_ key: String, _ token: String) async throws(StorageError) -> Bool {
        try await head(key)?.metadata[UploadToken.metadataName] == token
    }

    /// The content of an object of at most `limit` bytes, nil where there is none.
    package func get(_ key: String, limit: Int) async throws(StorageError) -> [UInt8]? {
        let call = S3Call("GET", key, doing: "read \(location.name(key))")
        let body: [UInt8]
        // A refusal is read whole, however little is wanted.
        do throws(StorageError) { body = try await perform(call, limit: max(limit, 64 << 10)).body } catch {
            if error.code == .noSuchKey { return nil }
            throw error
        }
        guard body.count <= limit else {
            throw StorageError(.other, call.action, "the object is longer than \(limit) bytes")
        }
        return body
    }

    /// What the server tells of an object, nil where there is none.
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

    /// The refusal of a HEAD has no body: what a key may not, and that it is wrong, only a GET tells apart.
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

    /// Removes an object; nothing happens where there is none.
    package func delete(_ key: String) async throws(StorageError) {
        do throws(StorageError) {
            _ = try await perform(S3Call("DELETE", key, doing: "delete \(location.name(key))"))
        } catch {
            if error.code != .noSuchKey { throw error }
        }
    }

    static func unquoted(_ etag: String) -> String { String(etag.filter { $0 != "\"" }) }
}
