import HTTP
import OCI
import TestSupport

/// Upload requests.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs>.
extension Answering {
    mutating func begin(_ name: String) -> ServerReply {
        guard request.method == "POST" else { return .refusal(405, "UNSUPPORTED") }
        if let digest = query("mount"), let other = query("from"),
            let bytes = content.repositories[other]?.blobs[digest]
        {
            return keep(bytes, digest, name)
        }
        if let digest = query("digest"), query("mount") == nil {
            guard Digest(of: request.body).description == digest else { return .refusal(400, "DIGEST_INVALID") }
            return keep(request.body, digest, name)
        }
        content.begun += 1
        let id = "session-\(content.begun)"
        content.sessions[id] = StrictRegistry.Session(repository: name)
        return .answer(202, place(name, id))
    }

    mutating func upload(_ name: String, _ id: String) -> ServerReply {
        guard let session = content.sessions[id], session.repository == name else {
            return .refusal(404, "BLOB_UPLOAD_UNKNOWN")
        }
        switch request.method {
        case "GET": return .answer(204, place(name, id))
        case "DELETE":
            content.sessions[id] = nil
            return .answer(204)
        case "PATCH":
            guard request.headers["Content-Type"] == "application/octet-stream" else {
                return .refusal(415, "UNSUPPORTED")
            }
            guard isInOrder(after: session.bytes.count) else {
                return ServerReply.refusal(416, "BLOB_UPLOAD_INVALID").with { _, fields in
                    for field in place(name, id).fields { fields.add(field.name, field.value) }
                }
            }
            content.sessions[id]?.bytes += request.body
            return .answer(202, place(name, id))
        case "PUT":
            guard let digest = query("digest") else { return .refusal(400, "DIGEST_INVALID") }
            guard isInOrder(after: session.bytes.count) else { return .refusal(416, "BLOB_UPLOAD_INVALID") }
            let bytes = session.bytes + request.body
            guard Digest(of: bytes).description == digest else { return .refusal(400, "DIGEST_INVALID") }
            content.sessions[id] = nil
            return keep(bytes, digest, name)
        default: return .refusal(405, "UNSUPPORTED")
        }
    }

    /// Returns whether a part begins at the session's end and has the stated length; a part without a range is a
    /// stream.
    private func isInOrder(after count: Int) -> Bool {
        guard let range = request.headers["Content-Range"] else { return true }
        return range == "\(count)-\(count + request.body.count - 1)"
    }

    private func place(_ name: String, _ id: String) -> HTTPHeaders {
        let count = content.sessions[id]?.bytes.count ?? 0
        return ["Location": "/v2/\(name)/blobs/uploads/\(id)", "Range": "0-\(max(0, count - 1))"]
    }

    private mutating func keep(_ bytes: [UInt8], _ digest: String, _ name: String) -> ServerReply {
        content.repositories[name, default: .init()].blobs[digest] = bytes
        return .answer(201, ["Location": "/v2/\(name)/blobs/\(digest)", "Docker-Content-Digest": digest])
    }
}
