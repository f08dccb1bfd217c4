import HTTP
import JSON
import OCI
import TestSupport

/// Manifest requests.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests>.
extension Answering {
    mutating func manifest(_ name: String, _ identifier: String) -> ServerReply {
        switch request.method {
        case "PUT": return put(name, identifier)
        case "GET", "HEAD":
            guard let (digest, manifest) = find(name, identifier) else { return .refusal(404, "MANIFEST_UNKNOWN") }
            let fields: HTTPHeaders = ["Content-Type": manifest.type, "Docker-Content-Digest": digest]
            guard request.method == "HEAD" else { return .answer(200, fields, body: manifest.bytes) }
            return ServerReply.answer(200, fields).with { $1.add("Content-Length", "\(manifest.bytes.count)") }
        case "DELETE":
            guard let (digest, _) = find(name, identifier) else { return .refusal(404, "MANIFEST_UNKNOWN") }
            if identifier == digest {
                content.repositories[name]?.manifests[digest] = nil
                let tags = content.repositories[name]?.tags ?? [:]
                content.repositories[name]?.tags = tags.filter { $0.value != digest }
            } else {
                content.repositories[name]?.tags[identifier] = nil
            }
            return .answer(202)
        default: return .refusal(405, "UNSUPPORTED")
        }
    }

    private func find(_ name: String, _ identifier: String) -> (String, StrictRegistry.Manifest)? {
        let repository = content.repositories[name]
        let digest = repository?.tags[identifier] ?? identifier
        return repository?.manifests[digest].map { (digest, $0) }
    }

    private mutating func put(_ name: String, _ identifier: String) -> ServerReply {
        guard request.body.count <= 4 << 20 else { return .refusal(413, "SIZE_INVALID") }
        let type = request.headers["Content-Type"] ?? ""
        guard let json = try? JSONValue(parsing: request.body), json.object != nil,
            json["mediaType"]?.string ?? type == type
        else { return .refusal(400, "MANIFEST_INVALID") }
        let digest = Digest(of: request.body).description
        let isDigest = identifier.contains(":")
        if isDigest {
            guard identifier == digest else { return .refusal(400, "DIGEST_INVALID") }
        } else {
            guard (try? Reference("r.io/\(name):\(identifier)")) != nil else {
                return .refusal(400, "MANIFEST_INVALID")
            }
        }
        let repository = content.repositories[name] ?? .init()
        let blobs = ([json["config"]].compactMap(\.self) + (json["layers"]?.array ?? [])).filter { $0["urls"] == nil }
        let children = json["manifests"]?.array ?? []
        guard blobs.allSatisfy({ repository.blobs[$0["digest"]?.string ?? ""] != nil }),
            children.allSatisfy({ repository.manifests[$0["digest"]?.string ?? ""] != nil })
        else { return .refusal(404, "MANIFEST_BLOB_UNKNOWN") }
        content.repositories[name, default: .init()].manifests[digest] = .init(
            type: type, bytes: request.body, json: json)
        if !isDigest { content.repositories[name]?.tags[identifier] = digest }
        var fields: HTTPHeaders = ["Location": "/v2/\(name)/manifests/\(digest)", "Docker-Content-Digest": digest]
        if let subject = json["subject"]?["digest"]?.string { fields["OCI-Subject"] = subject }
        return .answer(201, fields)
    }
}
