import Definitions
import OCI
import SystemPackage

/// `archive`: what a tar, a zip or the like holds.
struct ArchiveRecipe: LayerRecipe {
    let layer: ImageDefinition.ArchiveLayer

    var sources: [FilePath] { [layer.from] }

    func layers(_ place: LayerPlace, for platform: Platform) async throws -> [BuiltLayer] {
        [try await place.layerBuilder.archive(layer, epoch: place.epoch, isOnBase: place.isOnBase)]
    }
}
