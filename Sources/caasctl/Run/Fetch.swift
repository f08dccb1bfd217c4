import ArgumentParser
import Definitions
import Deployment
import POSIX
import SystemPackage

/// `caasctl fetch`: downloads a run's artifacts and verifies them.
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Download a run's artifacts and check each part against its SHA-256.",
        discussion: "Prints the folder, which then contains the artifacts and their SHA256SUMS.")

    @OptionGroup var target: RunOptions

    @Argument(help: ArgumentHelp("The folder for the files.", valueName: "dir"))
    var folder: String

    func run() async throws {
        let settings = try target.options.settings()
        let record = try await RunFinder(RunLedger(home: HomeFolder.open()), settings: settings, targets: .all).find(
            target.run)
        let bucket = try target.bucket(of: record, settings)
        _ = try await bucket.fetch(into: FilePath(folder)) { StandardError.print($0) }
        print(folder)
    }
}
