import JSON
import Secrets

/// What a token server gave us. <https://distribution.github.io/distribution/spec/auth/token/>
struct AccessToken: Sendable {
    let value: Secret
    private let received: ContinuousClock.Instant
    private let lifetime: Double

    /// Reads a token server's answer.
    init(content: [UInt8]) throws(JSONError) {
        let document = try JSONValue(parsing: content)
        // Either name is allowed, and GitHub and Azure differ.
        let token = document["token"]?.string ?? document["access_token"]?.string
        guard let token, !token.isEmpty else { throw JSONError("it holds no token") }
        value = Secret(token)
        received = .now
        // The documented default. Some servers say 0 and mean that they do not know.
        let seconds = document["expires_in"]?.double ?? 60
        lifetime = seconds > 0 ? seconds : 60
    }

    /// True where at least `margin` seconds are left, or that part of a short life: 10 of 60, 1 of 5.
    func isFresh(margin: Double) -> Bool {
        let age = ContinuousClock.now - received
        let seconds = Double(age.components.seconds) + Double(age.components.attoseconds) * 1e-18
        return lifetime - seconds > min(margin, lifetime * margin / 60)
    }
}
