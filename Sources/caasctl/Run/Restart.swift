import ArgumentParser
import Definitions
import Deployment
import JSON
import POSIX
import RunContract

/// The options of commands that rent another machine for an existing run.
struct AgainOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Use this manifest instead of the one in this computer's ledger of runs.",
            discussion: "Required if the run's first machine was not rented from this computer.", valueName: "file"))
    var manifest: String?

    @Flag(help: "Start even if it is unknown whether an earlier machine still writes to the bucket.")
    var force = false
}

/// Rents another machine for a run that already had one.
struct Restart {
    private let verb: String
    private let found: FoundRun
    private let target: RunOptions
    private let again: AgainOptions
    private let start: StartOptions
    private let settings: Settings

    init(
        verb: String, _ found: FoundRun, _ target: RunOptions, _ again: AgainOptions, _ start: StartOptions,
        _ settings: Settings
    ) throws {
        self.verb = verb
        self.found = found
        self.target = target
        self.again = again
        self.start = start
        self.settings = settings
    }

    private var record: RunRecord { found.record }
    private var action: String { "\(verb) \(record.run)" }

    /// The run's folder in its bucket, which does not depend on the machine.
    var bucket: RunBucket { get throws { try target.bucket(of: record, settings) } }

    /// Rents the machine once no earlier machine can still write to the bucket.
    func go(program check: (Program?) throws -> Void = { _ in }) async throws {
        let deployers = try Targets.all.kinds(of: record).map { kind in
            Deployer(try kind.open(settings), ledger: found.ledger) { StandardError.print($0) }
        }
        let deployer = deployers[0]
        try await requireSilence(deployers)
        let request = again.manifest == nil ? try await deployer.request(of: record) : nil
        let manifest = try manifest(request)
        let isNewImage = again.manifest != nil || start.overrides.contains { $0.hasPrefix("image=") }
        let target = try Targets.all.open(manifest, settings)
        let next = Deployer(target, ledger: found.ledger) { StandardError.print($0) }
        let run = RunStart(
            verb: verb, manifest: manifest, run: record.run, name: try await next.nextName(of: record, to: action),
            digest: isNewImage ? nil : request?.digest, paidUSD: record.paidUSD, bucket: record.bucket,
            options: start, settings: settings, target: target, home: try HomeFolder.open())
        // Another machine may have been started elsewhere while the price question waited for an answer.
        try await run.go(checking: { try await requireSilence(deployers) }, program: check)
    }

    private func manifest(_ request: KeptRequest?) throws -> RunManifest {
        let overrides = start.overrides + (verb == "serve" ? ["keep_alive=true"] : [])
        if let file = again.manifest {
            return try RunManifest(
                reading: RunManifest.locate(file), settings: settings, overrides: overrides)
        }
        guard let request else {
            throw DeploymentError(
                .notFound, action, "it is not known here what ran; name its manifest by --manifest FILE")
        }
        return try request.manifest(of: record.run, settings: settings, overrides: overrides)
    }

    /// Throws while an earlier machine may still write; where its state is unknown, only `--force` continues.
    private func requireSilence(_ deployers: [Deployer]) async throws {
        do {
            if let blank = found.blank { throw blank }
            for deployer in deployers { _ = try await deployer.requireNoMachine(of: record, to: action) }
        } catch let error as DeploymentError where error.code != .refused || error.action != action {
            guard again.force, error.code != .cancelled else {
                throw DeploymentError(
                    error.code, action,
                    "it cannot be known whether an earlier machine of it still writes (\(error)); --force starts another "
                        + "one all the same")
            }
            StandardError.print("warning: an earlier machine of it may still write: \(error)")
        }
        if !again.force { try await bucket.requireSilence(to: action) }
    }
}
