import ArgumentParser
import Wording

/// An age limit such as `30m`, `24h` or `7d`, in seconds.
struct Age: Sendable {
    /// More than 2,000 years; nothing is older, and the time before it is still a time.
    private static let longest = 1_000_000 * 86_400

    let seconds: Int

    /// Parses the value of `--older-than`; throws a `ValidationError` for any other form.
    init(_ text: String) throws {
        guard let seconds = ShortDuration.seconds(text), seconds <= Self.longest else {
            throw ValidationError("a time is written as 30m, 24h or 7d")
        }
        self.seconds = seconds
    }
}
