import ImageLayers
import POSIX
import Wording

/// The modification time of files in an image. <https://reproducible-builds.org/specs/source-date-epoch/>
enum SourceDateEpoch {
    private static let variable = "SOURCE_DATE_EPOCH"

    /// Returns SOURCE_DATE_EPOCH in seconds since 1970, or the builder's default where it is not set.
    static func seconds() throws -> Int64 {
        guard let text = ProcessEnvironment.value(variable), !text.isEmpty else { return ImageEpoch.standard }
        guard let seconds = Int64(text), (0..<1 << 33).contains(seconds) else {
            throw Failure("read \(variable)", "'\(text)' is no number of seconds since 1970")
        }
        return seconds
    }
}
