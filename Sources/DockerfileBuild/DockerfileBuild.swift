import Definitions
import Dockerfile
import ImageBuild
import ImageLayers
import ImageStore
import OCI
import POSIX
import Wording

/// One build of a Dockerfile for one platform.
struct DockerfileBuild: Sendable {
    private(set) var builder: ImageBuilder
    let request: DockerfileRequest
    let platform: Platform
    let context: ContextFolder
    let arguments: GlobalArguments
    let graph: StageGraph
    /// The named build contexts, by `StageGraph.key`.
    let contexts: [String: NamedContext]
    /// Base images that the checks resolved already, by platform and reference.
    var found: [String: BaseImage] = [:]

    init(_ request: DockerfileRequest, platform: Platform, _ builder: ImageBuilder) throws {
        self.builder = builder
        self.request = request
        self.platform = platform
        context = ContextFolder(
            folder: request.context, rules: try request.ignoreRules(), modified: builder.epoch,
            report: builder.layerBuilder.report)
        let contexts = Dictionary(request.contexts.map { (StageGraph.key($0.key), $0.value) }) { $1 }
        self.contexts = contexts
        var automatic = Self.automatic(for: platform)
        automatic["TARGETSTAGE"] = request.target ?? request.file.stages.last?.base.stage?.lowercased() ?? "default"
        arguments = try GlobalArguments(of: request.file, automatic: automatic, given: request.arguments)
        graph = try StageGraph(
            of: request.file, target: request.target, contexts: Set(contexts.keys), arguments: arguments)
    }

    /// Returns an instruction's name in messages, which includes the stage if there are several.
    func title(of instruction: Instruction, in stage: ParsedDockerfile.Stage) -> String {
        request.file.stages.count > 1 ? "[\(stage.name)] \(instruction.text)" : instruction.text
    }

    /// Builds the stages that the target needs, and returns the target's image.
    func image() async throws -> ImageAssembly {
        var finished: [Int: StageBuilder] = [:]
        var build = self
        build.found = try await check()
        try await build.build(graph.target, &finished)
        guard let target = finished[graph.target] else {
            throw Failure("build \(request.path)", "its target was not built")
        }
        return target.image
    }

    /// Builds a stage and the stages that it needs, except those that are finished.
    private func build(_ stage: Int, _ finished: inout [Int: StageBuilder]) async throws {
        let needed = try graph.needed(for: stage)
        for index in needed where finished[index] == nil {
            let stage = request.file.stages[index]
            var builder = try await begin(stage, &finished)
            for instruction in stage.instructions { try await builder.apply(instruction) }
            finished[index] = builder
        }
    }

    private func begin(
        _ stage: ParsedDockerfile.Stage, _ finished: inout [Int: StageBuilder]
    ) async throws -> StageBuilder {
        var own = self
        if request.uncachedStages.contains(where: { $0.lowercased() == stage.name }) {
            own.builder = builder.ignoringCache()
        }
        var builder: StageBuilder
        if case .stage(let number) = graph.base(of: stage.index), let below = finished[number] {
            builder = StageBuilder(own, stage, on: below, finished: finished)
        } else {
            let platform = try platform(of: stage)
            let image = try await base(of: stage, for: platform)
            builder = StageBuilder(own, stage, on: image, finished: finished)
        }
        let triggers = try builder.takeTriggers()
        for trigger in triggers {
            for from in trigger.references {
                // Only the triggers in the base image show that this stage is needed.
                let source = try graph.source(from, in: stage.index, at: trigger.place)
                if case .stage(let number) = source { try await build(number, &finished) }
            }
        }
        builder.finished = finished
        for trigger in triggers { try await builder.apply(trigger) }
        return builder
    }

    func platform(of stage: ParsedDockerfile.Stage) throws -> Platform {
        guard let written = stage.base.platform else { return platform }
        let text = try arguments.expansion(escape: request.file.directives.escape).word(written, at: stage.place)
        do { return try Platform(text) } catch { throw stage.place.error("\(error)") }
    }

    /// Returns the automatic platform ARGs.
    ///
    /// <https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope>
    private static func automatic(for platform: Platform) -> [String: String] {
        var values: [String: String] = [:]
        for (prefix, platform) in [("TARGET", platform), ("BUILD", Platform.current)] {
            values["\(prefix)PLATFORM"] = platform.description
            values["\(prefix)OS"] = platform.os
            values["\(prefix)ARCH"] = platform.architecture
            values["\(prefix)VARIANT"] = platform.variant ?? ""
        }
        return values
    }
}
