import ArgumentParser
import Definitions
import Deployment
import POSIX
import RunContract
import Timestamps

/// `caasctl deploy`: rents a machine and starts a run on it.
struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rent a machine at io.net and start a run on it.",
        discussion: """
            Checks the image, the bucket and the price before anything is paid for. Prints the run's id.

            caasctl deploy manifests/demo.yaml --set resources.gpus=4 --set environment.WANDB_RUN=second
            caasctl deploy demo --dry-run --output request.json
            """)

    @Argument(help: "The manifest file, or its name below manifests/.")
    var manifest: String

    @Flag(help: "Serve the model after the results are verified.")
    var keepAlive = false

    @OptionGroup var start: StartOptions
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let settings = try options.settings()
        let overrides = start.overrides + (keepAlive ? ["keep_alive=true"] : [])
        let manifest = try RunManifest(
            reading: RunManifest.locate(manifest), settings: settings, overrides: overrides)
        let start = RunStart(
            verb: "deploy", manifest: manifest,
            run: try RunID(name: manifest.name, at: .now(), random: .random(in: 0 ... .max)), options: start,
            settings: settings, target: try Targets.all.open(manifest, settings), home: try HomeFolder.open())
        try await start.go()
    }
}
