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
            Prints the run's id. Everything is checked before anything is paid for: the image, the bucket, the price.

            caasctl deploy manifests/demo.yaml --set resources.gpus=4 --set environment.WANDB_RUN=second
            caasctl deploy demo --dry-run --output request.json
            """)

    @Argument(help: "A manifest's file, or its name below manifests/.")
    var manifest: String

    @Flag(help: "Go on serving the model once everything is verified.")
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
