import Definitions
import OCI

/// `git`: the files of a commit.
struct GitRecipe: LayerRecipe {
    let layer: ImageDefinition.GitLayer

    func check(_ place: LayerPlace) async throws {
        try await place.layerBuilder.checkSource(of: layer, folder: place.folder, isOnBase: place.isOnBase)
    }

    func layers(_ place: LayerPlace, for platform: Platform) async throws -> [BuiltLayer] {
        [try await place.layerBuilder.git(layer, folder: place.folder, isOnBase: place.isOnBase)]
    }
}
