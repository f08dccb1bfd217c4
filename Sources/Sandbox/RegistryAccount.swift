private import CLibCrypt
import Hashing
import JSON
import Secrets
import Wording

/// The login for the sandbox's registry, which only the sandbox's user has.
///
/// An image that somebody else replaced would run as root here.
struct RegistryAccount: Sendable {
    static let user = "sandbox"
    let password: Secret

    /// Returns the line of the htpasswd file of docker-registry, which supports only bcrypt.
    ///
    /// The hash has the lowest cost, because the registry computes it for each request; 160 random bits cannot be
    /// guessed at any cost. Source: <https://distribution.github.io/distribution/about/configuration/#htpasswd>.
    func htpasswd() throws -> String {
        let salt = RandomBytes.make(16).map { CChar(bitPattern: $0) }
        var hash = [CChar](repeating: 0, count: 64)
        guard caas_bcrypt(password.unredacted, 4, salt, &hash) != 0 else {
            throw Failure("configure the sandbox's registry", "this system's libcrypt makes no bcrypt hash")
        }
        let text = hash.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "\(Self.user):\(String(decoding: text, as: UTF8.self))\n"
    }

    /// Returns the login as docker's configuration, for `DOCKER_AUTH_CONFIG`.
    ///
    /// Source: <https://docs.docker.com/reference/cli/docker/#environment-variables>.
    func dockerConfiguration(for registry: String) -> String {
        let pair = Array("\(Self.user):\(password.unredacted)".utf8).base64
        return JSONValue.object(["auths": .object([registry: ["auth": .string(pair)]])]).text
    }
}
