import JSON
import Secrets

/// A token that a token server issued.
///
/// Source: <https://distribution.github.io/distribution/spec/auth/token/>.
struct RegistryToken: Sendable {
    let value: Secret
    private let received: ContinuousClock.Instant
    private let lifetime: Double

    /// Parses a token server's response body.
    init(content: [UInt8]) throws(JSONError) {
        let document = try JSONValue(parsing: content)
        // The specification allows either name; GitHub and Azure use different ones.
        let token = document["token"]?.string ?? document["access_token"]?.string
        guard let token, !token.isEmpty else { throw JSONError("it holds no token") }
        value = Secret(token)
        received = .now
        // 60 seconds is the documented default. Some servers send 0 to mean that the lifetime is unknown.
        let seconds = document["expires_in"]?.double ?? 60
        lifetime = seconds > 0 ? seconds : 60
    }

    /// Returns whether at least `margin` seconds of the lifetime are left.
    ///
    /// For a lifetime below 60 seconds the margin shrinks in proportion: 10 of 60 seconds become 1 of 6.
    func isFresh(margin: Double) -> Bool {
        let age = ContinuousClock.now - received
        let seconds = Double(age.components.seconds) + Double(age.components.attoseconds) * 1e-18
        return lifetime - seconds > min(margin, lifetime * margin / 60)
    }
}
