import Dockerfile
import ImageBuild
import ImageLayers
import OCI
import StepExecution
import Wording

/// Checks that run before the first command, which may take minutes.
extension DockerfileBuild {
    /// Checks that images, secrets, files and disk space exist; returns the images.
    ///
    /// Names that contain variables are skipped.
    func check() async throws -> [String: BaseImage] {
        var found: [String: BaseImage] = [:]
        var space = DiskSpace(store: builder.store)
        for index in graph.needed {
            let stage = request.file.stages[index]
            for instruction in stage.instructions { try check(instruction, of: stage) }
            let base = try await check(graph.base(of: index), for: try platform(of: stage), at: stage.place, &found)
            space.begin(index, graph.base(of: index), base)
            if stage.instructions.contains(where: \.isCommand) { space.run(index) }
            for instruction in stage.instructions {
                for from in instruction.references {
                    let source = try graph.source(from, in: index, at: instruction.place)
                    space.read(source, try await check(source, for: platform, at: instruction.place, &found))
                }
            }
        }
        try space.require(for: "\(request.path)")
        return found
    }

    private func check(
        _ source: StageGraph.Source, for platform: Platform, at place: SourcePlace, _ found: inout [String: BaseImage]
    ) async throws -> BaseImage? {
        if case .stage = source { return nil }
        if isScratch(source) { return nil }
        guard case .image(let image) = try await origin(source, for: platform, at: place), let base = image.base else {
            return nil
        }
        found["\(platform) \(base.name ?? "")"] = base
        return base
    }

    private func check(_ instruction: Instruction, of stage: ParsedDockerfile.Stage) throws {
        let place = instruction.place
        switch instruction.action {
        case .copy(let transfer), .add(let transfer):
            if transfer.from != nil { return }
            for case .path(let path) in transfer.sources {
                let isElsewhere = DownloadedFile.isURL(path) || GitAddress.isRepository(path)
                if isElsewhere || path.contains("$") || path.contains("\\") { continue }
                let word = try arguments.expansion(escape: request.file.directives.escape).word(path, at: place)
                try TransferPlan.require(word, of: context, at: place)
            }
        case .run(let step):
            _ = try network(of: step, at: instruction, in: stage)
            for flag in step.mounts where flag.kind == .secret {
                let options = MountOptions(values: flag.options, place: place, workdir: "/")
                guard options.isSet("required"), let id = flag.options["id"], !id.contains("$"),
                    request.secrets[id] == nil
                else {
                    continue
                }
                throw Failure("run '\(title(of: instruction, in: stage))' (\(place))", SecretMount.missing(id))
            }
        default: return
        }
    }

    /// Returns the network of a command.
    ///
    /// A Dockerfile cannot get the machine's network if its user denies it.
    func network(
        of step: RunStep, at instruction: Instruction, in stage: ParsedDockerfile.Stage
    ) throws -> StepCommand.Network {
        switch step.network {
        case nil, .default: return request.network
        case .some(.none): return .none
        case .host:
            guard request.network != .host else { return .host }
            throw Failure(
                "run '\(title(of: instruction, in: stage))' (\(instruction.place))",
                "it asks for the machine's network, which '--network \(request.network.rawValue)' keeps from it")
        }
    }
}

extension Instruction {
    fileprivate var isCommand: Bool { if case .run = action { true } else { false } }
}
