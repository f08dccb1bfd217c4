import Definitions
import Dockerfile
import ImageBuild
import ImageLayers
import OCI
import POSIX
import SystemPackage
import Wording

/// Resolution of the names in FROM and `--from`.
extension DockerfileBuild {
    /// Returns the initial image of a stage that is not based on another stage.
    func base(of stage: ParsedDockerfile.Stage, for platform: Platform) async throws -> ImageAssembly {
        let source = graph.base(of: stage.index)
        if isScratch(source) { return scratch(for: platform) }
        let name = if case .image(let name) = source { name } else { stage.base.image }
        builder.layerBuilder.report(.step("FROM \(name)"))
        switch try await origin(source, for: platform, at: stage.place) {
        case .image(let image): return image
        case .folder(let folder):
            var image = scratch(for: platform)
            let plan = TransferPlan("/", to: "/", at: stage.place, modified: folder.modified)
            if let layer = try await layer(plan, from: folder, knownBy: nil) {
                image.append(layer, "FROM \(name)")
            }
            return image
        }
    }

    /// Returns the image or folder that a FROM or `--from` names; throws for a stage.
    func origin(_ source: StageGraph.Source, for platform: Platform, at place: SourcePlace) async throws -> FileOrigin {
        let reference: ImageDefinition.Base
        switch source {
        case .stage(let number):
            throw place.error("stage \(number) was not built")
        case .image(let name):
            do { reference = try ImageDefinition.Base(name, folder: request.context) } catch {
                throw place.error(Failure.reason(of: error))
            }
        case .context(let key):
            switch contexts[key] {
            case .image(let image): reference = image
            case .folder(let folder): return .folder(try named(folder))
            case nil: throw place.error("there is no context '\(key)'")
            }
        }
        guard reference != .scratch else { throw place.error("scratch holds no files") }
        let base: BaseImage
        if let known = found["\(platform) \(reference)"] {
            base = known
        } else {
            do { base = try await builder.base(reference, for: platform) } catch {
                throw Failure(message: "\(error) (\(place))", cause: error)
            }
        }
        guard base.config.platform.matches(platform) else {
            throw Failure("use base \(reference)", "it is for \(base.config.platform), not for \(platform)")
        }
        return .image(ImageAssembly(base: base, platform: platform, epoch: builder.epoch))
    }

    /// True for what has no files, by whatever name.
    func isScratch(_ source: StageGraph.Source) -> Bool {
        switch source {
        case .image(let name): name == "scratch"
        case .context(let key): contexts[key] == NamedContext.image(.scratch)
        case .stage: false
        }
    }

    /// A folder that was given under a name, without what its own `.dockerignore` keeps out.
    private func named(_ folder: FilePath) throws -> ContextFolder {
        guard (try? FileStatus(folder, followingLinks: true).kind) == .directory else {
            throw Failure("use the context \(folder)", "it is no folder")
        }
        let file = folder.appending(".dockerignore")
        let rules = FileSystem.exists(file) ? try IgnoreRules(reading: file) : nil
        return ContextFolder(
            folder: folder, rules: rules?.isEmpty == true ? nil : rules, modified: builder.epoch + 1,
            report: builder.layerBuilder.report)
    }

    private func scratch(for platform: Platform) -> ImageAssembly {
        var image = ImageAssembly(base: nil, platform: platform, epoch: builder.epoch)
        // Docker sets the default PATH in an image on scratch.
        image.config.setEnvironment("PATH", ImageAssembly.path)
        return image
    }
}
