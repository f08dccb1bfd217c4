import ArgumentParser

/// An age limit such as `30m`, `24h` or `7d`, in seconds.
struct Age: Sendable {
    let seconds: Int

    /// Parses the value of `--older-than`; throws a `ValidationError` for any other form.
    init(_ text: String) throws {
        guard let match = text.wholeMatch(of: #/([0-9]{1,6})([smhd])/#), let count = Int(match.1),
            let unit = ["s": 1, "m": 60, "h": 3600, "d": 86_400][String(match.2)]
        else { throw ValidationError("a time is written as 30m, 24h or 7d") }
        seconds = count * unit
    }
}
