import ArgumentParser
import Wording

/// An age limit such as `30m`, `24h` or `7d`, in seconds.
struct Age: Sendable {
    let seconds: Int

    /// Parses the value of `--older-than`, of at most six digits; throws a `ValidationError` for any other form.
    init(_ text: String) throws {
        guard text.utf8.count <= 7, let seconds = ShortDuration.seconds(text) else {
            throw ValidationError("a time is written as 30m, 24h or 7d")
        }
        self.seconds = seconds
    }
}
