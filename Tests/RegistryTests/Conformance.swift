import HTTP
import Hashing
import JSON
import OCI
import TestSupport

/// A behaviour that the specification's conformance suite tests, with the expected result.
///
/// Source: <https://github.com/opencontainers/distribution-spec/tree/main/conformance>.
struct Behaviour: Sendable {
    let name: String
    /// The result at a registry that follows the specification.
    let expected: String
    /// The result at docker-registry 2.8, if it differs.
    let docker: String?
    let run: @Sendable (Probe) async throws -> String

    init(
        _ name: String, _ expected: String, docker: String? = nil,
        _ run: @escaping @Sendable (Probe) async throws -> String
    ) {
        self.name = name
        self.expected = expected
        self.docker = docker
        self.run = run
    }
}

/// Sends raw requests to one repository of a registry.
struct Probe: Sendable {
    let base: HTTPURL
    let repository: String
    let content = Array("some content of a blob, which is long enough to be cut in parts".utf8)
    private let http = HTTPClient()

    init(host: String, repository: String) throws {
        base = try HTTPURL("http://\(host)")
        self.repository = repository
    }

    func send(
        _ method: String, _ path: String, _ headers: HTTPHeaders = [:], _ body: [UInt8] = []
    ) async throws -> HTTPResponse {
        let url = path.hasPrefix("/v2/") ? base.with(target: path) : base.with(target: "/v2/\(repository)/\(path)")
        return try await send(method, url, headers, body)
    }

    func send(
        _ method: String, _ url: HTTPURL, _ headers: HTTPHeaders = [:], _ body: [UInt8] = []
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(method, url, headers: headers, body: body.isEmpty ? .empty : .bytes(body))
        request.followsRedirects = false
        return try await http.send(request)
    }

    /// Starts an upload, and returns the response and the session's URL.
    func begin(_ query: String = "") async throws -> (HTTPResponse, HTTPURL) {
        let response = try await send("POST", "blobs/uploads/\(query)")
        return (response, try location(response))
    }

    func location(_ response: HTTPResponse) throws -> HTTPURL {
        try response.url.resolving(response.headers["Location"] ?? "none://")
    }

    func patch(_ url: HTTPURL, _ range: Range<Int>, isStream: Bool = false) async throws -> HTTPResponse {
        var headers: HTTPHeaders = ["Content-Type": "application/octet-stream"]
        if !isStream { headers["Content-Range"] = "\(range.lowerBound)-\(range.upperBound - 1)" }
        return try await send("PATCH", url, headers, Array(content[range]))
    }

    func close(_ url: HTTPURL, _ digest: Digest, _ body: [UInt8] = [], from: Int? = nil) async throws -> HTTPResponse {
        var headers: HTTPHeaders = ["Content-Type": "application/octet-stream"]
        if let from { headers["Content-Range"] = "\(from)-\(from + body.count - 1)" }
        let separator = url.target.contains("?") ? "&" : "?"
        return try await send("PUT", url.with(target: "\(url.target)\(separator)digest=\(digest)"), headers, body)
    }

    /// Pushes a blob, and returns its descriptor.
    @discardableResult
    func push(_ bytes: [UInt8], _ type: MediaType = .layer) async throws -> Descriptor {
        let (_, place) = try await begin()
        let digest = Digest(of: bytes)
        _ = try await close(place, digest, bytes)
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    /// Pushes a manifest under a tag or digest.
    func put(_ manifest: JSONValue, as name: String, _ type: MediaType = .imageManifest) async throws -> HTTPResponse {
        try await send("PUT", "manifests/\(name)", ["Content-Type": "\(type)"], manifest.encoded())
    }

    /// Returns a manifest after pushing its blobs.
    func image(_ more: JSONValue = [:], layers: Int = 1) async throws -> JSONValue {
        let config = try await push(Array(#"{"architecture":"amd64","os":"linux"}"#.utf8), .imageConfig)
        var all: [Descriptor] = []
        for number in 0..<layers { all.append(try await push(Array("layer \(number)".utf8))) }
        var manifest = ImageManifest(config: config, layers: all).json
        for (name, value) in more.object ?? [:] { manifest[name] = value }
        return manifest
    }
}

extension HTTPResponse {
    /// The status with the error code of the response.
    var shown: String {
        let code = (try? JSONValue(parsing: body))?["errors"]?.array?.first?["code"]?.string
        return code.map { "\(status) \($0)" } ?? "\(status)"
    }
}

extension JSONValue {
    var digest: Digest { Digest(of: encoded()) }
}
