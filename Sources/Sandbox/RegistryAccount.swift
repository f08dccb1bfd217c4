private import CLibCrypt
import Hashing
import JSON
import Secrets

/// Who may push to the sandbox's registry, and pull from it: whoever runs the sandbox, and no other user of the machine.
///
/// An image that somebody else replaced would run as root here.
struct RegistryAccount: Sendable {
    static let user = "sandbox"
    let password: Secret

    /// A line of the file that docker-registry reads, which knows bcrypt alone.
    ///
    /// At the least cost, since it is paid for each request: nobody guesses 160 random bits at any cost.
    /// Source: <https://distribution.github.io/distribution/about/configuration/#htpasswd>.
    func htpasswd() throws(SandboxError) -> String {
        let salt = RandomBytes.make(16).map { CChar(bitPattern: $0) }
        var hash = [CChar](repeating: 0, count: 64)
        guard caas_bcrypt(password.unredacted, 4, salt, &hash) != 0 else {
            throw SandboxError("configure the sandbox's registry", "this system's libcrypt makes no bcrypt hash")
        }
        let text = hash.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return "\(Self.user):\(String(decoding: text, as: UTF8.self))\n"
    }

    /// The login in docker's form, as `DOCKER_AUTH_CONFIG` holds it.
    ///
    /// Source: <https://docs.docker.com/reference/cli/docker/#environment-variables>.
    func dockerConfiguration(for registry: String) -> String {
        let pair = Array("\(Self.user):\(password.unredacted)".utf8).base64
        return JSONValue.object(["auths": .object([registry: ["auth": .string(pair)]])]).text
    }
}
