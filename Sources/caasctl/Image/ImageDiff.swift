import ArgumentParser
import ImageInspection
import ImageStore
import JSON
import OCI
import POSIX

/// `caasctl image diff`: compares two images.
struct ImageDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show the differences of two images: files, config and layers.",
        discussion: """
            Prints a line for each file: + added, - removed, ~ changed, with the changed attributes. Exit status: 0 if \
            the images do not differ, 1 if they differ, 2 if they cannot be compared.

            caasctl image diff demo ghcr.io/me/demo:1
            caasctl image diff oci:before oci:after --ignore-times
            """)

    @Argument(help: imageHelp) var first: String
    @Argument(help: "The image to compare with, in the same forms.") var second: String
    @Flag(help: "Ignore files that differ only in their modification time.") var ignoreTimes = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var choice: PlatformOption
    @OptionGroup var connection: RegistryConnectionOptions

    func run() async throws {
        let comparison: ImageComparison
        do { comparison = try await compare() } catch {
            StandardError.print("Error: \(error)")
            throw ExitCode(2)
        }
        print(json ? String(decoding: comparison.json.prettyEncoded(), as: UTF8.self) : comparison.text, terminator: "")
        if !comparison.isSame { throw ExitCode(1) }
    }

    private func compare() async throws -> ImageComparison {
        let lookup = try ImageLookup(connection)
        let old = try await lookup.whole(first, platform: choice.value())
        defer { old.removeTemporaryFiles() }
        let new = try await lookup.whole(second, platform: choice.value())
        defer { new.removeTemporaryFiles() }
        let (before, after) = (try old.image(platform: choice.value()), try new.image(platform: choice.value()))
        let (oldFiles, newFiles) = (
            try await lookup.contents(before, in: old), try await lookup.contents(after, in: new)
        )
        let ignoreTimes = ignoreTimes
        return try await BlockingThread.run {
            try ImageComparison(before, oldFiles, after, newFiles, ignoringTimes: ignoreTimes)
        }
    }
}
