private import Hashing
package import Secrets

/// What opens a run's live page: the first 128 bits of HMAC-SHA256 of the run's id under the user's key.
///
/// The user's side can make it again at any time, and nobody can make another run's from it.
package enum StatusToken {
    /// The token of a run, 32 hexadecimal digits.
    package static func make(for run: RunID, key: [UInt8]) -> Secret {
        Secret(HMACSHA256.authenticate(run.description.utf8, key: key).prefix(16).hexadecimal)
    }
}
