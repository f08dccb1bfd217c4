import ImageBuild
import POSIX

/// The time that files get in an image. <https://reproducible-builds.org/specs/source-date-epoch/>
enum SourceDateEpoch {
    private static let variable = "SOURCE_DATE_EPOCH"

    /// Seconds since 1970.
    static func seconds() throws -> Int64 {
        guard let text = ProcessEnvironment.value(variable), !text.isEmpty else { return ImageBuilder.defaultEpoch }
        guard let seconds = Int64(text), (0..<1 << 33).contains(seconds) else {
            throw ImageBuildError("read \(variable)", "'\(text)' is no number of seconds since 1970")
        }
        return seconds
    }
}
