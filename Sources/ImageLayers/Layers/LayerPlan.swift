package import Definitions
package import OCI
import POSIX
import SystemPackage

/// Makes the layers of one build; a layer that is the same on every platform is made once.
package struct LayerPlan {
    /// By its place: a definition may list the same layer twice, which then stand on different layers.
    private struct Key: Hashable {
        let index: Int
        /// Nil where the layer is the same on every platform.
        let platform: Platform?
    }

    let layerBuilder: LayerBuilder
    let definition: ImageDefinition
    let epoch: Int64
    private let recipes: [any LayerRecipe]
    private var known: [Key: [BuiltLayer]] = [:]

    package init(layerBuilder: LayerBuilder, definition: ImageDefinition, epoch: Int64) {
        self.layerBuilder = layerBuilder
        self.definition = definition
        self.epoch = epoch
        recipes = definition.layers.map(\.recipe)
    }

    /// The layers that entry number `index` of the definition makes; a large one is split.
    package mutating func built(_ index: Int, for platform: Platform) async throws -> [BuiltLayer] {
        let key = Key(index: index, platform: recipes[index].dependsOnPlatform ? platform : nil)
        if let built = known[key] { return built }
        let built = try await recipes[index].layers(try place(of: index), for: platform)
        known[key] = built
        return built
    }

    /// Throws where the source of a layer is missing or refused, before any layer takes minutes to make.
    package func checkSources() async throws {
        for (index, recipe) in recipes.enumerated() { try await recipe.check(try place(of: index)) }
        for (index, recipe) in recipes.enumerated() {
            try await recipe.choose(try place(of: index), for: definition.platforms)
        }
    }

    /// The place of entry number `index`, which knows the `files` layers below it and the entry's line.
    private func place(of index: Int) throws -> LayerPlace {
        var place = LayerPlace(
            layerBuilder: layerBuilder, folder: definition.folder, epoch: epoch,
            isOnBase: definition.base != .scratch || index > 0)
        var layerBuilder = layerBuilder
        for recipe in recipes[..<index] {
            if let earlier = try recipe.files(place) { layerBuilder.earlierFiles.append(earlier) }
        }
        if index < definition.layerPlaces.count { layerBuilder.place = definition.layerPlaces[index] }
        place.layerBuilder = layerBuilder
        return place
    }
}
