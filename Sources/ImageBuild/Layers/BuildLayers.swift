import Definitions
import OCI

/// The layers of one build; those that are the same on every platform are made once.
struct BuildLayers {
    private struct Key: Hashable {
        let layer: ImageDefinition.Layer
        let isOnBase: Bool
        /// Nil where it does not matter.
        let platform: Platform?
    }

    let factory: LayerFactory
    let definition: ImageDefinition
    let epoch: Int64
    private var known: [Key: [BuiltLayer]] = [:]

    init(factory: LayerFactory, definition: ImageDefinition, epoch: Int64) {
        self.factory = factory
        self.definition = definition
        self.epoch = epoch
    }

    mutating func built(
        _ layer: ImageDefinition.Layer, for platform: Platform
    ) async throws(ImageBuildError) -> [BuiltLayer] {
        let isOnBase = definition.base != .scratch || definition.layers.first != layer
        let key = Key(layer: layer, isOnBase: isOnBase, platform: layer.dependsOnPlatform ? platform : nil)
        if let built = known[key] { return built }
        let built = try await make(layer, isOnBase: isOnBase, for: platform)
        known[key] = built
        return built
    }

    private func make(
        _ layer: ImageDefinition.Layer, isOnBase: Bool, for platform: Platform
    ) async throws(ImageBuildError) -> [BuiltLayer] {
        var factory = factory
        for case .files(let earlier) in definition.layers.prefix(while: { $0 != layer }) {
            factory.earlierFiles.append(try FileSource(earlier, epoch: epoch, isOnBase: true))
        }
        if let index = definition.layers.firstIndex(of: layer), index < definition.layerPlaces.count {
            factory.place = definition.layerPlaces[index]
        }
        switch layer {
        case .debian(let layer): return [try await factory.debian(layer, platform)]
        case .git(let layer): return [try await factory.git(layer, folder: definition.folder, isOnBase: isOnBase)]
        case .files(let layer): return try await factory.files(layer, epoch: epoch, isOnBase: isOnBase)
        case .archive(let layer): return [try await factory.archive(layer, epoch: epoch, isOnBase: isOnBase)]
        case .python(let layer): return try await factory.python(layer, platform, epoch: epoch, isOnBase: isOnBase)
        }
    }
}

extension ImageDefinition.Layer {
    fileprivate var dependsOnPlatform: Bool {
        switch self {
        case .debian, .python: true
        case .git, .files, .archive: false
        }
    }
}
