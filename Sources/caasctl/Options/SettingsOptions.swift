import ArgumentParser
import Definitions
import Deployment
import ObjectStorage
import POSIX
import SystemPackage

/// The source of keys and settings, for every command that talks to a cloud or a bucket.
struct SettingsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file of NAME=value lines: variables and secrets that the environment does not set.",
            discussion: "Refused if users other than its owner can read it.", valueName: "file"))
    var envFile: String?

    /// Returns the settings; the environment takes precedence over the file.
    func settings() throws -> Settings {
        try Settings(environment: ProcessEnvironment.all(), file: envFile.map { FilePath($0) })
    }

    /// Returns what opens stores with these settings.
    func stores(options: S3Client.Options = S3Client.Options()) throws -> StoreOpener {
        StoreOpener(try settings(), options: options)
    }
}
