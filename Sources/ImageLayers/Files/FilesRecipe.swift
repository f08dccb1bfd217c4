import Definitions
import OCI
import SystemPackage

/// `files`: a folder or a file of the user's.
struct FilesRecipe: LayerRecipe {
    let layer: ImageDefinition.FilesLayer

    var sources: [FilePath] { [layer.from] }

    func files(_ place: LayerPlace) throws -> FileSource? {
        try FileSource(layer, epoch: place.epoch, isOnBase: true)
    }

    func layers(_ place: LayerPlace, for platform: Platform) async throws -> [BuiltLayer] {
        try await place.layerBuilder.files(layer, epoch: place.epoch, isOnBase: place.isOnBase)
    }
}
