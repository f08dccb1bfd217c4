import HTTP
import Hashing
import JSON
import TestSupport

/// A token server that grants every requested scope to clients with the password, and the registry's check of its
/// tokens.
final class TokenDouble: Sendable {
    /// The variations of its behaviour.
    struct Manner: Sendable {
        /// The field of the response that holds the token.
        var field = "token"
        /// The token's lifetime in seconds as stated; nil to omit it.
        var lifetime: Int? = 300
        /// The number of requests for which a token is valid.
        var uses = Int.max
        /// True to challenge with a scope for pulling, whatever scope is needed.
        var challengesWithPull = false
        /// Other challenges before this one in the same field.
        var otherChallenges = ""
        /// True to send the challenge's values without quotes.
        var isUnquoted = false
        /// False for a server without the OAuth2 form of the request.
        var knowsPost = true
    }

    private struct Grant: Sendable {
        var scopes: [String]
        var uses = 0
    }

    static let password = "a password of the tests"
    static let authorization = "Basic " + Array("me:\(password)".utf8).base64

    let server: LoopbackServer
    private let manner: Manner
    private let grants = Shared<[String: Grant]>([:])

    init(_ manner: Manner = Manner()) async throws {
        let grants = grants
        self.manner = manner
        server = try await LoopbackServer { request in
            guard request.method == "GET" || manner.knowsPost else { return .answer(404) }
            guard request.method == "POST" || request.headers["Authorization"] == Self.authorization else {
                return .answer(401, text: #"{"details":"incorrect username or password"}"#)
            }
            let query = request.method == "POST" ? String(decoding: request.body, as: UTF8.self) : request.target
            let scopes = query.split { "?&".contains($0) }.filter { $0.hasPrefix("scope=") }.map {
                String($0.dropFirst(6)).replacing("%3A", with: ":").replacing("%2C", with: ",").replacing(
                    "%2F", with: "/")
            }
            let token = grants.withLock { grants -> String in
                let token = "secret-token-\(grants.count + 1)"
                grants[token] = Grant(scopes: scopes)
                return token
            }
            var answer: JSONValue = [manner.field: .string(token)]
            if let lifetime = manner.lifetime { answer["expires_in"] = .integer(lifetime) }
            return .answer(200, text: answer.text)
        }
    }

    /// The number of tokens issued.
    var issued: Int { grants.withLock { $0.count } }

    /// The registry's check of each request, before the first byte of a body.
    var habit: Habit {
        let check = { @Sendable [grants, manner, server] (request: ReceivedRequest) -> ServerReply? in
            let needed =
                ["GET", "HEAD"].contains(request.method) && !request.path.contains("/uploads/") ? "pull" : "push"
            let token = request.headers["Authorization"].map { String($0.trimmingPrefix("Bearer ")) } ?? ""
            let isGood = grants.withLock { grants -> Bool in
                guard let grant = grants[token], grant.uses < manner.uses else { return false }
                guard request.path == "/v2/" || grant.scopes.contains(where: { $0.contains(needed) }) else {
                    return false
                }
                grants[token]?.uses += 1
                return true
            }
            guard !isGood else { return nil }
            let quote = manner.isUnquoted ? "" : "\""
            let scope = manner.challengesWithPull ? ",scope=\(quote)repository:app:pull\(quote)" : ""
            let challenge = "realm=\(quote)\(server.url("/token").text)\(quote),service=\(quote)tests\(quote)\(scope)"
            return .answer(401, ["WWW-Authenticate": "\(manner.otherChallenges)Bearer \(challenge)"])
        }
        // A body with an invalid token is refused before it arrives.
        return Habit(
            interrupt: { !$0.body.isEmpty || $0.headers["Content-Length"] ?? "0" == "0" ? nil : check($0) },
            before: { $0.headers["Content-Length"] ?? "0" == "0" ? check($0) : nil })
    }
}
