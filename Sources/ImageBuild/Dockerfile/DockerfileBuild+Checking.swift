import Dockerfile
import OCI

/// What can be refused is asked for before any command takes its minutes.
extension DockerfileBuild {
    /// Makes sure that images, secrets and files are there that the Dockerfile names without variables; the images.
    func check() async throws(ImageBuildError) -> [String: BaseImage] {
        var found: [String: BaseImage] = [:]
        for index in graph.needed {
            let stage = request.file.stages[index]
            for instruction in stage.instructions { try check(instruction, of: stage) }
            try await check(graph.base(of: index), for: try platform(of: stage), at: stage.place, &found)
            for instruction in stage.instructions {
                for from in instruction.references {
                    let source = try parsed { () throws(DockerfileError) in
                        try graph.source(from, in: index, at: instruction.place)
                    }
                    try await check(source, for: platform, at: instruction.place, &found)
                }
            }
        }
        return found
    }

    private func check(
        _ source: StageGraph.Source, for platform: Platform, at place: SourcePlace, _ found: inout [String: BaseImage]
    ) async throws(ImageBuildError) {
        if case .stage = source { return }
        if source == .image("scratch") { return }
        guard case .image(let image) = try await origin(source, for: platform, at: place), let base = image.base else {
            return
        }
        found["\(platform) \(base.name ?? "")"] = base
    }

    private func check(
        _ instruction: Instruction, of stage: ParsedDockerfile.Stage
    ) throws(ImageBuildError) {
        let place = instruction.place
        switch instruction.action {
        case .copy(let transfer), .add(let transfer):
            if transfer.from != nil { return }
            for case .path(let path) in transfer.sources {
                let isElsewhere = DownloadedFile.isURL(path) || GitAddress.isRepository(path)
                if isElsewhere || path.contains("$") || path.contains("\\") { continue }
                let word = try parsed { () throws(DockerfileError) in
                    try arguments.expansion(escape: request.file.directives.escape).word(path, at: place)
                }
                try TransferPlan.require(word, of: context, at: place)
            }
        case .run(let step):
            for flag in step.mounts where flag.kind == .secret {
                let options = MountOptions(values: flag.options, place: place, workdir: "/")
                guard options.isSet("required"), let id = flag.options["id"], !id.contains("$"),
                    request.secrets[id] == nil
                else {
                    continue
                }
                throw ImageBuildError(
                    "run '\(title(of: instruction, in: stage))' (\(place))", SecretMount.missing(id))
            }
        default: return
        }
    }
}
