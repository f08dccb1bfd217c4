import JSON
import OCI
import Secrets

@testable import HTTP
@testable import Registry

/// The fields of an answer, as libcurl hands them on line by line.
extension FuzzedParser {
    static let headers = FuzzedParser(
        name: "headers",
        seeds: {
            [
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://h/t\",service=\"s\",scope=\"a:b\"\r\n\r\n",
                "HTTP/2 401\r\nwww-authenticate: Negotiate YWJj==, Basic realm=\"a \\\"b\\\"\", Digest a=b,c = d\r\n\r\n",
                "HTTP/1.1 429\r\nRetry-After: 120\r\nRetry-After: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n",
                "HTTP/1.1 202 Accepted\r\nLocation: /v2/a/b?c=d\r\nRange: 0-1048575\r\nOCI-Chunk-Min-Length: 5\r\n\r\n",
                "HTTP/1.1 307\r\nLocation: https://[::1]:80/a?b#c\r\nLink: </v2/_x?n=1>; rel=\"next\", <b>; rel=c\r\n\r\n",
                "HTTP/1.1 206\r\nContent-Range: bytes 0-1/2\r\nContent-Type: a/b; c=d\r\n\r\n{\"errors\":[{\"code\":\"A\"}]}",
            ].map { Array($0.utf8) }
        },
        words: [
            "HTTP/1.1 200", "WWW-Authenticate: ", "Bearer ", "Basic ", "realm=\"", "scope=\"", "service=\"", "\", ",
            "\\\"",
            "Retry-After: ", "Location: ", "Range: bytes=0-", "OCI-Chunk-Min-Length: ", "Link: <", ">; rel=\"next\"",
            "Content-Range: bytes ", "9223372036854775807", "https://", "//", "?", "#", "@", "[::1]", "127.0.0.1",
            "\r\n",
            "\u{301}", "\\x00", "\t",
        ]
    ) { bytes in
        guard let response = response(bytes) else { return }
        for challenge in AuthenticationChallenge.all(in: response.headers) {
            expect(!challenge.scheme.isEmpty, "a challenge has no scheme")
            _ = challenge.parameters["realm"].flatMap { try? HTTPURL($0) }
        }
        let wait = RetryPolicy().wait(after: 0, headers: response.headers)
        expect((0...120).contains(wait), "a server makes us wait \(wait) seconds")
        if let received = UploadSession.received(response.headers) {
            expect(received >= 0, "a registry has \(received) bytes")
        }
        if let least = response.headers["OCI-Chunk-Min-Length"].flatMap({ Int64($0) }) {
            var rule = ChunkRule(registry: "ghcr.io", blobSize: 1 << 30, forced: nil)
            rule.demand(least)
            while rule.shorten() { expect((rule.size ?? 1) > 0, "a part has no bytes") }
        }
        _ = RegistryClient.next(in: response)
        _ = ServerAnswer(response).description
        _ = response.pointsTo
        follow(response)
    }

    private static func follow(_ response: HTTPResponse) {
        var request = HTTPRequest("GET", response.url)
        request.headers["Authorization"] = "secret"
        guard let next = try? request.following(response) else { return }
        let isSame = next.url.hasSameOrigin(as: request.url)
        expect(isSame || next.headers["Authorization"] == nil, "a redirect takes a secret along")
        expect(!next.url.isLoopback, "a redirect leads to this machine")
    }

    /// What is made of the lines, with what follows an empty one as the body.
    private static func response(_ bytes: [UInt8]) -> HTTPResponse? {
        let request = HTTPRequest("GET", HTTPURL(scheme: "https", host: "example.com", port: 443, target: "/v2/"))
        let transfer = Transfer(
            request, configuration: HTTPClient.Configuration(), bandwidth: Bandwidth(), sink: nil, limit: 1 << 20)
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(rest[...end])
            line.withUnsafeBytes { transfer.header($0) }
            rest = rest[(end + 1)...]
            if line.count <= 2 { break }
        }
        return transfer.response(Array(rest))
    }
}
