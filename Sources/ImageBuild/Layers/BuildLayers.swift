import Definitions
import OCI
import POSIX
import SystemPackage

/// Makes the layers of one build; a layer that is the same on every platform is made once.
struct BuildLayers {
    private struct Key: Hashable {
        let layer: ImageDefinition.Layer
        let isOnBase: Bool
        /// Nil if the layer does not depend on the platform.
        let platform: Platform?
    }

    let factory: LayerFactory
    let definition: ImageDefinition
    let epoch: Int64
    private var known: [Key: [BuiltLayer]] = [:]
    /// The packages of Python layers, which are chosen before any layer is made.
    private var pins: [Key: [WheelPin]] = [:]

    init(factory: LayerFactory, definition: ImageDefinition, epoch: Int64) {
        self.factory = factory
        self.definition = definition
        self.epoch = epoch
    }

    mutating func built(
        _ layer: ImageDefinition.Layer, for platform: Platform
    ) async throws(ImageBuildError) -> [BuiltLayer] {
        let isOnBase = isOnBase(layer)
        let key = Key(layer: layer, isOnBase: isOnBase, platform: layer.dependsOnPlatform ? platform : nil)
        if let built = known[key] { return built }
        let built = try await make(layer, isOnBase: isOnBase, for: platform)
        known[key] = built
        return built
    }

    private func make(
        _ layer: ImageDefinition.Layer, isOnBase: Bool, for platform: Platform
    ) async throws(ImageBuildError) -> [BuiltLayer] {
        let factory = try factory(for: layer)
        switch layer {
        case .debian(let layer): return [try await factory.debian(layer, platform)]
        case .git(let layer): return [try await factory.git(layer, folder: definition.folder, isOnBase: isOnBase)]
        case .files(let layer): return try await factory.files(layer, epoch: epoch, isOnBase: isOnBase)
        case .archive(let layer): return [try await factory.archive(layer, epoch: epoch, isOnBase: isOnBase)]
        case .python(let python):
            let key = Key(layer: layer, isOnBase: isOnBase, platform: platform)
            let pins: [WheelPin]
            if let chosen = self.pins[key] { pins = chosen } else { pins = try await factory.choose(python, platform) }
            return try await factory.python(python, platform, pins, epoch: epoch, isOnBase: isOnBase)
        }
    }

    /// Throws if a layer's source is missing, before any layer takes minutes to make.
    mutating func checkSources() async throws(ImageBuildError) {
        for layer in definition.layers {
            switch layer {
            case .git(let git):
                try await factory(for: layer).checkSource(
                    of: git, folder: definition.folder, isOnBase: isOnBase(layer))
            case .files(let files): try Self.require(files.from)
            case .archive(let archive): try Self.require(archive.from)
            case .python(let python): try Self.require(python.requirements)
            case .debian: break
            }
        }
        for case .python(let python) in definition.layers {
            let layer = ImageDefinition.Layer.python(python)
            for platform in definition.platforms {
                let key = Key(layer: layer, isOnBase: isOnBase(layer), platform: platform)
                pins[key] = try await factory(for: layer).choose(python, platform)
            }
        }
    }

    private static func require(_ path: FilePath) throws(ImageBuildError) {
        _ = try posix { () throws(POSIXError) in try FileStatus(path, followingLinks: true) }
    }

    private func isOnBase(_ layer: ImageDefinition.Layer) -> Bool {
        definition.base != .scratch || definition.layers.first != layer
    }

    /// Returns the factory for a layer at its position in the definition.
    private func factory(for layer: ImageDefinition.Layer) throws(ImageBuildError) -> LayerFactory {
        var factory = factory
        for case .files(let earlier) in definition.layers.prefix(while: { $0 != layer }) {
            factory.earlierFiles.append(try FileSource(earlier, epoch: epoch, isOnBase: true))
        }
        if let index = definition.layers.firstIndex(of: layer), index < definition.layerPlaces.count {
            factory.place = definition.layerPlaces[index]
        }
        return factory
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
