import HTTP
import Hashing
import JSON
import POSIX
import Secrets
import SystemPackage
import Testing
import Timestamps

@testable import ObjectStorage

/// AWS's own test suite for Signature Version 4, with header and query signatures.
/// <https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4>
struct SigningVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let json: JSONValue
    }

    static let vectors: [Vector] = {
        let file = FilePath(#filePath).removingLastComponent().appending("Vectors/sigv4-vectors.json")
        guard let json = try? JSONValue(parsing: FileSystem.read(file)), let cases = json["cases"]?.object else {
            return []
        }
        return cases.sorted { $0.key < $1.key }.map { Vector(testDescription: $0.key, json: $0.value) }
    }()

    @Test func `all 38 cases are there`() { #expect(Self.vectors.count == 38) }

    @Test(arguments: vectors) func `a header is signed as AWS does`(_ vector: Vector) throws {
        let (request, hash, signer) = try Self.read(vector.json)
        var signed = request
        signer.sign(&signed, bodyHash: hash, at: try Self.moment(vector.json))
        let authorization = try #require(signed.headers["Authorization"])
        var covered = signed.headers
        covered["Authorization"] = nil
        if !signer.rules.signsToken { covered["X-Amz-Security-Token"] = nil }
        let canonical = CanonicalRequest(
            request.method, request.url, covered, query: request.url.queryItems, bodyHash: hash, rules: signer.rules)
        #expect(canonical.text == (try vector.json.text("header_canonical_request")))
        #expect(authorization.hasSuffix("Signature=\(try vector.json.text("header_signature"))"))
    }

    @Test(arguments: vectors) func `a URL is signed as AWS does`(_ vector: Vector) throws {
        let (request, hash, signer) = try Self.read(vector.json)
        let url = signer.presign(
            request.method, request.url, headers: request.headers, bodyHash: hash,
            seconds: try vector.json.member("context").whole("expiration_in_seconds"),
            at: try Self.moment(vector.json))
        #expect(url.text.contains("X-Amz-Signature=\(try vector.json.text("query_signature"))"))
        if try vector.json.member("context").member("credentials")["token"] != nil {
            #expect(url.text.contains("X-Amz-Security-Token="))
        }
    }

    private static func moment(_ json: JSONValue) throws -> Timestamp {
        try #require(Timestamp(rfc3339: json.member("context").text("timestamp")))
    }

    private static func read(_ json: JSONValue) throws -> (HTTPRequest, hash: String, SigV4Signer) {
        let context = try json.member("context")
        let credentials = try context.member("credentials")
        let signer = SigV4Signer(
            StorageCredentials(
                accessKeyID: try credentials.text("access_key_id"),
                secretAccessKey: Secret(try credentials.text("secret_access_key")),
                sessionToken: try credentials.optionalText("token").map { Secret($0) }),
            region: try context.text("region"), service: try context.text("service"),
            rules: SigV4Signer.Rules(
                encodesPathTwice: true, normalizesPath: try context.optionalFlag("normalize") ?? true,
                sendsContentHash: try context.optionalFlag("sign_body") ?? false,
                signsToken: try context.optionalFlag("omit_session_token") != true))
        let text = try json.text("request")
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\n")
        let start = lines[0].split(separator: " ", maxSplits: 1)
        let target = String(start[1].dropLast(" HTTP/1.1".count))
        var fields: [(String, String)] = []
        for line in lines.dropFirst() {
            if line.hasPrefix(" ") {
                fields[fields.count - 1].1 += " " + line
            } else {
                let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                fields.append((String(pair[0]), String(pair[1])))
            }
        }
        let host = try #require(fields.first { $0.0.lowercased() == "host" }).1
        var request = HTTPRequest(
            String(start[0]), HTTPURL(scheme: "https", host: host, port: 443, target: target))
        for field in fields where field.0.lowercased() != "host" { request.headers.add(field.0, field.1) }
        let body = parts.count > 1 ? Array(parts[1].utf8) : []
        return (request, SHA256.hash(body).hexadecimal, signer)
    }
}
