import Dockerfile
import ImageStore
import OCI
import POSIX

extension DockerfileBuild {
    /// The files of an image, nil where it has no layers; layers that are still in a registry are fetched.
    func contents(of image: ImageAssembly) async throws(ImageBuildError) -> ImageContents? {
        let layers = image.layers.map(\.descriptor)
        guard !layers.isEmpty else { return nil }
        try await fetch(image)
        let store = builder.store
        return try await BlockingThread.run { () throws(ImageBuildError) in
            try stored { () throws(ImageStoreError) in try ImageContents(layers: layers, in: store) }
        }
    }

    /// Brings the layers of an image's base into the store.
    func fetch(_ image: ImageAssembly) async throws(ImageBuildError) {
        guard let base = image.base, !base.layers.allSatisfy({ builder.store.contains($0) }) else { return }
        builder.factory.report(.step("fetch the layers of \(base.name ?? base.digest.description)"))
        do { try await builder.bases.fetchLayers(of: base, into: builder.store) } catch {
            throw ImageBuildError(copying: "\(error)")
        }
    }

    /// The image that `--from` names: a stage that was built, or any other.
    func source(
        _ from: String, for stage: StageBuilder, at place: SourcePlace
    ) async throws(ImageBuildError) -> ImageAssembly {
        let source = try parsed { () throws(DockerfileError) in
            try graph.source(from, in: stage.stage.index, at: place)
        }
        switch source {
        case .stage(let number):
            guard let finished = stage.finished[number] else {
                throw ImageBuildError(copying: place.error("stage '\(from)' was not built").description)
            }
            return finished.image
        case .image(let name):
            let base = try await image(name, for: platform, at: place)
            return ImageAssembly(base: base, platform: platform, epoch: builder.epoch)
        }
    }
}
