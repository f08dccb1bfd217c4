import HTTP
import JSON
import OCI
import TestSupport

/// The processing of one request by the strict registry.
struct Answering {
    let request: ReceivedRequest
    var content: StrictRegistry.Content

    /// Returns the registry's response, and applies changes to `content`.
    mutating func reply() -> ServerReply {
        guard request.path.hasPrefix("/v2/") else { return .answer(404) }
        let path = request.path.dropFirst("/v2/".count)
        if path.isEmpty { return .answer(200, ["Docker-Distribution-API-Version": "registry/2.0"]) }
        for kind in ["/blobs/uploads/", "/blobs/", "/manifests/", "/tags/list", "/referrers/"] {
            guard let range = path.firstRange(of: kind) else { continue }
            let (name, last) = (String(path[..<range.lowerBound]), String(path[range.upperBound...]))
            guard (try? Reference("r.io/\(name)"))?.repository == name else { return .refusal(400, "NAME_INVALID") }
            switch kind {
            case "/blobs/uploads/": return last.isEmpty ? begin(name) : upload(name, last)
            case "/blobs/": return blob(name, last)
            case "/manifests/": return manifest(name, last)
            case "/tags/list": return tags(name)
            default: return referrers(name, last)
            }
        }
        return .refusal(404, "UNSUPPORTED")
    }

    /// Returns a query parameter with percent-encoding undone.
    func query(_ name: String) -> String? {
        let fields = request.target.drop { $0 != "?" }.dropFirst().split(separator: "&")
        let value = fields.first { $0.hasPrefix("\(name)=") }?.dropFirst(name.count + 1)
        return value.map { String($0).replacing("%3A", with: ":").replacing("%2F", with: "/") }
    }

    private mutating func blob(_ name: String, _ digest: String) -> ServerReply {
        guard (try? Digest(digest)) != nil else { return .refusal(400, "DIGEST_INVALID") }
        guard let bytes = content.repositories[name]?.blobs[digest] else { return .refusal(404, "BLOB_UNKNOWN") }
        let fields: HTTPHeaders = [
            "Docker-Content-Digest": digest, "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes",
        ]
        switch request.method {
        case "GET": return Self.part(of: bytes, request.headers["Range"], fields)
        case "HEAD":
            return ServerReply.answer(200, fields).with { $1.add("Content-Length", "\(bytes.count)") }
        case "DELETE":
            content.repositories[name]?.blobs[digest] = nil
            return .answer(202)
        default: return .refusal(405, "UNSUPPORTED")
        }
    }

    /// Returns the response to a GET with a Range field.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-14.2>.
    private static func part(of bytes: [UInt8], _ range: String?, _ fields: HTTPHeaders) -> ServerReply {
        guard let range else { return .answer(200, fields, body: bytes) }
        let ends = range.trimmingPrefix("bytes=").split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = Int(ends[0]), start < bytes.count else {
            return .answer(416, ["Content-Range": "bytes */\(bytes.count)"])
        }
        let end = min(Int(ends[1]) ?? bytes.count - 1, bytes.count - 1)
        return ServerReply.answer(206, fields, body: Array(bytes[start...end])).with {
            $1.add("Content-Range", "bytes \(start)-\(end)/\(bytes.count)")
        }
    }

    private func tags(_ name: String) -> ServerReply {
        guard request.method == "GET" else { return .refusal(405, "UNSUPPORTED") }
        guard let repository = content.repositories[name] else { return .refusal(404, "NAME_UNKNOWN") }
        var tags = repository.tags.keys.sorted()
        if let last = query("last") { tags.removeAll { $0 <= last } }
        var fields: HTTPHeaders = ["Content-Type": "application/json"]
        if let limit = query("n").flatMap({ Int($0) }), limit < tags.count {
            tags = Array(tags.prefix(limit))
            if let last = tags.last { fields["Link"] = "</v2/\(name)/tags/list?n=\(limit)&last=\(last)>; rel=\"next\"" }
        }
        let list: JSONValue = ["name": .string(name), "tags": .array(tags.map(JSONValue.string))]
        return .answer(200, fields, text: list.text)
    }

    private func referrers(_ name: String, _ digest: String) -> ServerReply {
        guard request.method == "GET" else { return .refusal(405, "UNSUPPORTED") }
        guard (try? Digest(digest)) != nil else { return .refusal(400, "DIGEST_INVALID") }
        let wanted = query("artifactType")
        var descriptors: [JSONValue] = []
        for (own, manifest) in (content.repositories[name]?.manifests ?? [:]).sorted(by: { $0.key < $1.key })
        where manifest.json["subject"]?["digest"]?.string == digest {
            let type = manifest.json["artifactType"]?.string ?? manifest.json["config"]?["mediaType"]?.string ?? ""
            guard wanted == nil || wanted == type else { continue }
            var descriptor: JSONValue = [
                "mediaType": .string(manifest.type), "digest": .string(own), "size": .integer(manifest.bytes.count),
                "artifactType": .string(type),
            ]
            if let annotations = manifest.json["annotations"] { descriptor["annotations"] = annotations }
            descriptors.append(descriptor)
        }
        let index: JSONValue = [
            "schemaVersion": 2, "mediaType": .string("\(MediaType.imageIndex)"), "manifests": .array(descriptors),
        ]
        var fields: HTTPHeaders = ["Content-Type": "\(MediaType.imageIndex)"]
        if wanted != nil { fields["OCI-Filters-Applied"] = "artifactType" }
        return .answer(200, fields, text: index.text)
    }
}
