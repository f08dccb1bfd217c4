import Hashing
import POSIX

/// The user and password of a repository's address, told to git by its environment: everybody on the machine sees arguments.
///
/// Source: <https://git-scm.com/docs/git-config#ENVIRONMENT>.
struct GitLogin {
    /// The address without them.
    let url: String
    /// Settings for this address alone, beside those that the user has in the environment.
    private(set) var environment: [String: String] = [:]

    /// An address as the user writes it; one for ssh stays as it is, whose user is no secret.
    init(of url: String, variables: [String: String] = ProcessEnvironment.all()) {
        // A user alone is no secret, and a helper of git's may know the password.
        guard let match = url.wholeMatch(of: #/(https?:\/\/)([^\/\s@:]*):([^\/\s@]*)@([^\/\s]+)(.*)/#) else {
            self.url = url
            return
        }
        self.url = "\(match.1)\(match.4)\(match.5)"
        let words = match.2.percentDecoded + [UInt8(ascii: ":")] + match.3.percentDecoded
        let count = variables["GIT_CONFIG_COUNT"].flatMap { Int($0) } ?? 0
        environment["GIT_CONFIG_COUNT"] = "\(count + 1)"
        environment["GIT_CONFIG_KEY_\(count)"] = "http.\(match.1)\(match.4)/.extraHeader"
        environment["GIT_CONFIG_VALUE_\(count)"] = "Authorization: Basic \(words.base64)"
    }
}
