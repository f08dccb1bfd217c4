import Containers
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import RunContract
import Secrets
import SystemPackage
import Wording

/// Runs commands on layers, each in its own process with its own namespaces.
struct StepExecutor: Sendable {
    let layerBuilder: LayerBuilder
    /// The path of caasctl, which is started again for each command.
    let program: FilePath

    init(layerBuilder: LayerBuilder, program: FilePath? = nil) throws {
        self.layerBuilder = layerBuilder
        if let program {
            self.program = program
        } else {
            self.program = try FileSystem.readLink("/proc/self/exe")
        }
    }

    /// Returns the layer that a command makes, or nil if it changes nothing.
    func run(
        _ command: StepCommand, on layers: [BuiltLayer], createdBy: String, epoch: Int64
    ) async throws -> BuiltLayer? {
        layerBuilder.report(.step(command.name))
        let inputs = command.inputs(on: layers, epoch: epoch)
        if let known = await layerBuilder.cache.outcome(of: inputs, createdBy: createdBy) { return known.layer }
        if let missing = command.missingSecret { throw command.failure(SecretMount.missing(missing)) }
        let mapping = mapping()
        let job = try job(command, layers, createdBy, epoch, mapping)
        let layer = try await BlockingThread.run {
            try StepProcess(program: program, report: layerBuilder.report).run(job, mapping)
        }
        try layerBuilder.cache.keep(LayerCache.Outcome(layer: layer), for: inputs)
        return layer
    }

    private func job(
        _ command: StepCommand, _ layers: [BuiltLayer], _ createdBy: String, _ epoch: Int64, _ mapping: IDMapping?
    ) throws -> StepJob {
        let runc = try ProgramSearch(program: program).runc("it runs the commands of a Dockerfile")
        // The process changes its working folder, so paths must be absolute.
        func absolute(_ path: FilePath) throws -> FilePath {
            try FileSystem.realPath(path)
        }
        let cache = layerBuilder.temporary.removingLastComponent()
        try FileSystem.makeFolder(cache)
        return StepJob(
            command: command, layers: layers, createdBy: createdBy, epoch: epoch, threads: layerBuilder.threads,
            compression: layerBuilder.compression,
            store: try absolute(layerBuilder.store.folder),
            place: StepFolders(cache: try absolute(cache), mapping: mapping), runc: runc,
            users: mapping.map { .namespace(isSingle: $0.isSingle) } ?? .all)
    }

    /// Returns nil for root, who needs no user namespace.
    private func mapping() -> IDMapping? {
        if CurrentUser.id == 0 { return nil }
        let best = IDMapping.best
        if let problem = best.problem {
            layerBuilder.report(.warning("commands have no user but root, and files no other owner: \(problem)"))
        }
        return best.mapping
    }
}

extension SecretMount {
    /// Returns the reason why a command that requires this secret cannot run.
    package static func missing(_ id: String) -> String {
        "there is no secret '\(id)'; --secret id=\(id),src=FILE gives it"
    }
}

extension StepCommand {
    /// Returns everything that the layer depends on, without the values of secrets.
    func inputs(on layers: [BuiltLayer], epoch: Int64) -> [String] {
        var bare = self
        bare.name = ""
        bare.place = nil
        bare.hidden = []
        bare.mounts = mounts.map { mount in
            switch mount {
            case .secret(var secret):
                secret.content = secret.content == nil ? nil : []
                return .secret(secret)
            case .bind(var bind):
                // The content of the folder matters, but not its path.
                if case .folder(_, let digest) = bind.source { bind.source = .folder("", digest: digest) }
                return .bind(bind)
            case .cache, .tmpfs: return mount
            }
        }
        return ["run", layers.map(\.diffID.description).joined(separator: " "), "\(epoch)"]
            + [String(decoding: bare.json.encoded(), as: UTF8.self)]
    }

    /// The ID of a required secret that has no value.
    var missingSecret: String? {
        for case .secret(let secret) in mounts where secret.isRequired && secret.content == nil { return secret.id }
        return nil
    }

    /// Removes the values of secrets, and of variables with secret-looking names, from output.
    var scrubber: Scrubber {
        var values = hidden
        for case .secret(let secret) in mounts { if let content = secret.content { values.append(content) } }
        for (name, value) in environment where EnvironmentName.looksSecret(name) { values.append(Array(value.utf8)) }
        return Scrubber(values: values)
    }

    /// Returns the error for a command that could not run.
    func failure(_ reason: String) -> Failure {
        Failure("run '\(name)'" + (place.map { " (\($0))" } ?? ""), reason)
    }
}
