import ArgumentParser
import Definitions
import POSIX
import SystemPackage

/// Where every verb that talks to a cloud or a bucket has its keys from.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Variables and secrets that the environment does not set, as NAME=value lines.",
            discussion: "Refused if others than its owner may read it.", valueName: "file"))
    var envFile: String?

    /// The environment, then the file.
    func settings() throws -> Settings {
        try Settings(environment: ProcessEnvironment.all(), file: envFile.map { FilePath($0) })
    }
}
