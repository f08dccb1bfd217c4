import Definitions
import OCI

/// `debian`: a root file system of packages.
struct DebianRecipe: LayerRecipe {
    let layer: ImageDefinition.DebianLayer

    var dependsOnPlatform: Bool { true }

    func layers(_ place: LayerPlace, for platform: Platform) async throws -> [BuiltLayer] {
        [try await place.layerBuilder.debian(layer, platform)]
    }
}
