import HTTP
import Hashing
import JSON
import POSIX
import SystemPackage
import TestSupport
import Timestamps

/// A token server for docker-registry; it signs with RS256, and the registry trusts its certificate.
///
/// Source: <https://distribution.github.io/distribution/spec/auth/jwt/>.
final class TokenServer: Sendable {
    let server: LoopbackServer
    let certificate: FilePath
    static let service = "tests"
    static let issuer = "caasctl's tests"

    private let folder: TemporaryFolder
    private let tokens: Shared<[String: String]>

    /// Creates a server that accepts only this user.
    init(user: String, password: String) async throws {
        let folder = try TemporaryFolder()
        let tokens = Shared<[String: String]>([:])
        let authorization = "Basic " + Array("\(user):\(password)".utf8).base64
        server = try await LoopbackServer { request in
            guard request.headers["Authorization"] == authorization else {
                return .answer(401, text: #"{"details":"incorrect username or password"}"#)
            }
            let scopes = request.target.split(separator: "&").filter { $0.hasPrefix("scope=") }
            let key = scopes.joined(separator: " ").replacing("scope=", with: "").replacing("%3A", with: ":")
                .replacing("%2C", with: ",").replacing("%2F", with: "/")
            guard let token = tokens.withLock({ $0[key] }) else { return .answer(403, text: "no token for \(key)") }
            return .answer(200, text: JSONValue.object(["access_token": .string(token)]).text)
        }
        try await Command(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tests", "-keyout",
                "key.pem", "-out", "cert.pem",
            ], in: folder.path
        ).succeed()
        certificate = folder("cert.pem")
        self.folder = folder
        self.tokens = tokens
    }

    /// Prepares a token for scopes such as `repository:app:pull,push`.
    func allow(_ scopes: String...) async throws {
        try await Command(
            "openssl", ["x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der"], in: folder.path
        ).succeed()
        let chain = try FileSystem.read(folder("cert.der")).base64
        let header: JSONValue = ["typ": "JWT", "alg": "RS256", "x5c": [.string(chain)]]
        let now = Timestamp.now().seconds
        let access = scopes.map { scope -> JSONValue in
            let parts = scope.split(separator: ":").map(String.init)
            let actions = parts[2].split(separator: ",").map { JSONValue.string(String($0)) }
            return ["type": .string(parts[0]), "name": .string(parts[1]), "actions": .array(actions)]
        }
        let claims: JSONValue = [
            "iss": .string(Self.issuer), "aud": .string(Self.service), "sub": "me", "jti": "1",
            "nbf": .integer(now - 10), "iat": .integer(now - 10), "exp": .integer(now + 600), "access": .array(access),
        ]
        let payload = "\(Self.encoded(header.encoded())).\(Self.encoded(claims.encoded()))"
        try FileSystem.write(Array(payload.utf8), to: folder("payload"))
        try await Command(
            "openssl", ["dgst", "-sha256", "-sign", "key.pem", "-out", "signature", "payload"], in: folder.path
        ).succeed()
        let token = "\(payload).\(Self.encoded(try FileSystem.read(folder("signature"))))"
        tokens.withLock { $0[scopes.joined(separator: " ")] = token }
    }

    /// Returns base64url without padding.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc7515#section-2>.
    private static func encoded(_ bytes: [UInt8]) -> String {
        String(bytes.base64.compactMap { $0 == "=" ? nil : $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
}
