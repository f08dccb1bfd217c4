import Dockerfile
import ImageBuild
import ImageLayers
import ImageStore
import OCI
import POSIX

extension DockerfileBuild {
    /// Returns the files of an image, or nil if it has no layers; fetches layers that are still in a registry.
    func contents(of image: ImageAssembly) async throws -> ImageContents? {
        let layers = image.layers.map(\.descriptor)
        guard !layers.isEmpty else { return nil }
        try await fetch(image)
        let store = builder.store
        return try await BlockingThread.run { try ImageContents(layers: layers, in: store) }
    }

    /// Fetches the layers of an image's base into the store.
    func fetch(_ image: ImageAssembly) async throws {
        guard let base = image.base, !base.layers.allSatisfy({ builder.store.contains($0) }) else { return }
        builder.layerBuilder.report(.step("fetch the layers of \(base.name ?? base.digest.description)"))
        try await builder.bases.fetch(base.layers, of: base, into: builder.store)
    }

    /// Returns the source that `--from` names: a finished stage, another image, or a folder.
    func source(_ from: String, for stage: StageBuilder, at place: SourcePlace) async throws -> FileOrigin {
        let source = try graph.source(from, in: stage.stage.index, at: place)
        if case .stage(let number) = source, let finished = stage.finished[number] { return .image(finished.image) }
        let origin = try await origin(source, for: platform, at: place)
        guard case .folder(var folder) = origin else { return origin }
        folder.modified = stage.modified
        return .folder(folder)
    }
}
