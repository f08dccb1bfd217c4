import Hashing
import POSIX

/// The user and password of a repository's URL, passed to git in its environment.
///
/// Every user of the machine can read the arguments of programs, but not their environment.
///
/// Source: <https://git-scm.com/docs/git-config#ENVIRONMENT>.
struct GitLogin {
    /// The URL without user and password.
    let url: String
    /// The configuration for this URL only, in addition to the configuration in the user's own environment.
    private(set) var environment: [String: String] = [:]

    /// Splits a URL; an SSH URL is kept, because the user in it is not a secret.
    init(of url: String, variables: [String: String] = ProcessEnvironment.all()) {
        // A user without a password is not a secret, and git's credential helper may know the password.
        guard let match = url.wholeMatch(of: #/(https?:\/\/)([^\/\s@:]*):([^\/\s@]*)@([^\/\s]+)(.*)/#) else {
            self.url = url
            return
        }
        self.url = "\(match.1)\(match.4)\(match.5)"
        let words = PercentEncoding.decode(match.2) + [UInt8(ascii: ":")] + PercentEncoding.decode(match.3)
        let count = variables["GIT_CONFIG_COUNT"].flatMap { Int($0) } ?? 0
        environment["GIT_CONFIG_COUNT"] = "\(count + 1)"
        environment["GIT_CONFIG_KEY_\(count)"] = "http.\(match.1)\(match.4)/.extraHeader"
        environment["GIT_CONFIG_VALUE_\(count)"] = "Authorization: Basic \(words.base64)"
    }
}
