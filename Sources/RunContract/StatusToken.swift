private import Hashing
package import Secrets

/// The access token of a run's live page: the first 128 bits of HMAC-SHA256 of the run's ID under the user's key.
///
/// The user can derive it again at any time. It does not reveal the token of any other run.
package enum StatusToken {
    /// Returns the token of a run, 32 hexadecimal digits.
    package static func make(for run: RunID, key: [UInt8]) -> Secret {
        Secret(HMACSHA256.authenticate(run.description.utf8, key: key).prefix(16).hexadecimal)
    }
}
