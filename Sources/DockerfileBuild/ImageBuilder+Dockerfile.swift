import Dockerfile
package import ImageBuild
import ImageLayers
import ImageStore
import OCI
import RunContract
import Secrets
import Wording

extension ImageBuilder {
    /// Builds the image of a Dockerfile for each of the requested platforms.
    package func build(_ request: DockerfileRequest, annotations: [String: String] = [:]) async throws -> BuiltImage {
        let scrubber = Scrubber(values: request.hidden)
        do {
            return try await reporting { $0.hiding(scrubber) }.build(everythingOf: request, annotations)
        } catch { throw Failure(message: scrubber.scrubbed("\(error)")) }
    }

    private func build(
        everythingOf request: DockerfileRequest, _ annotations: [String: String]
    ) async throws -> BuiltImage {
        warn(about: request)
        var images: [PlatformImage] = []
        for platform in request.platforms {
            if request.platforms.count > 1 { layerBuilder.report(.step("platform: \(platform)")) }
            let image = try await DockerfileBuild(request, platform: platform, self).image()
            images.append(
                try image.store(in: store, annotations: annotations))
        }
        return try BuiltImage(joining: images, annotations: annotations, in: store)
    }

    private func warn(about request: DockerfileRequest) {
        for warning in request.file.warnings { layerBuilder.report(.warning(warning)) }
        if let syntax = request.file.directives.syntax, !Self.isStandard(syntax) {
            layerBuilder.report(
                .warning("\(request.path): the frontend '\(syntax)' is not used; caasctl reads the file itself"))
        }
        let instructions = request.file.globalArguments + request.file.stages.flatMap(\.instructions)
        var declared = GlobalArguments.proxies
        for case .argument(let arguments) in instructions.map(\.action) { declared.formUnion(arguments.map(\.name)) }
        for name in request.arguments.keys.sorted() {
            if !declared.contains(name) && !Self.isAutomatic(name) {
                layerBuilder.report(.warning("--build-arg \(name): no ARG of \(request.path) takes it"))
            }
            if EnvironmentName.isRefusedInImages(name) {
                layerBuilder.report(
                    .warning(
                        "--build-arg \(name) is by its name a secret, and a build argument can end up in the image; "
                            + "use --secret and RUN --mount=type=secret"))
            }
        }
    }

    /// Returns whether a `syntax` directive names docker's own frontend, whose syntax this parser supports.
    private static func isStandard(_ syntax: String) -> Bool {
        syntax.wholeMatch(of: #/(docker\.io/)?docker/dockerfile(:.*|@.*)?/#) != nil
    }

    private static func isAutomatic(_ name: String) -> Bool {
        name.wholeMatch(of: #/(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)/#) != nil
    }
}

extension DockerfileRequest {
    /// The values that messages must not show: secrets, and build arguments with secret-looking names.
    var hidden: [[UInt8]] {
        Array(secrets.values) + arguments.filter { EnvironmentName.looksSecret($0.key) }.map { Array($0.value.utf8) }
    }
}

extension BuildEvent {
    fileprivate func hiding(_ scrubber: Scrubber) -> BuildEvent {
        switch self {
        case .step(let text): .step(scrubber.scrubbed(text))
        case .progress(let step, let bytes): .progress(step: scrubber.scrubbed(step), bytes: bytes)
        case .waiting(let step, let seconds): .waiting(step: scrubber.scrubbed(step), seconds: seconds)
        case .output(let text): .output(scrubber.scrubbed(text))
        case .warning(let text): .warning(scrubber.scrubbed(text))
        }
    }
}
