import ArgumentParser
import Definitions
import POSIX
import SystemPackage

/// The source of keys and settings, for every command that talks to a cloud or a bucket.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Variables and secrets that the environment does not set, as NAME=value lines.",
            discussion: "Refused if others than its owner may read it.", valueName: "file"))
    var envFile: String?

    /// Returns the settings; the environment takes precedence over the file.
    func settings() throws -> Settings {
        try Settings(environment: ProcessEnvironment.all(), file: envFile.map { FilePath($0) })
    }
}
