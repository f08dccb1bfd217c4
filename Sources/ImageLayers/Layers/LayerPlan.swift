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

    let factory: LayerFactory
    let definition: ImageDefinition
    let epoch: Int64
    private var known: [Key: [BuiltLayer]] = [:]
    /// The packages of Python layers, which are chosen before any layer is made.
    private var pins: [Key: [WheelPin]] = [:]

    package init(factory: LayerFactory, definition: ImageDefinition, epoch: Int64) {
        self.factory = factory
        self.definition = definition
        self.epoch = epoch
    }

    /// The layers that entry number `index` of the definition makes; a large one is split.
    package mutating func built(_ index: Int, for platform: Platform) async throws(ImageBuildError) -> [BuiltLayer] {
        let key = Key(index: index, platform: definition.layers[index].dependsOnPlatform ? platform : nil)
        if let built = known[key] { return built }
        let built = try await make(index, for: platform)
        known[key] = built
        return built
    }

    private func make(_ index: Int, for platform: Platform) async throws(ImageBuildError) -> [BuiltLayer] {
        let factory = try factory(for: index)
        let isOnBase = isOnBase(index)
        switch definition.layers[index] {
        case .debian(let layer): return [try await factory.debian(layer, platform)]
        case .git(let layer): return [try await factory.git(layer, folder: definition.folder, isOnBase: isOnBase)]
        case .files(let layer): return try await factory.files(layer, epoch: epoch, isOnBase: isOnBase)
        case .archive(let layer): return [try await factory.archive(layer, epoch: epoch, isOnBase: isOnBase)]
        case .python(let python):
            let key = Key(index: index, platform: platform)
            let pins: [WheelPin]
            if let chosen = self.pins[key] { pins = chosen } else { pins = try await factory.choose(python, platform) }
            return try await factory.python(python, platform, pins, epoch: epoch, isOnBase: isOnBase)
        }
    }

    /// Throws if a layer's source is missing, before any layer takes minutes to make.
    package mutating func checkSources() async throws(ImageBuildError) {
        for (index, layer) in definition.layers.enumerated() {
            switch layer {
            case .git(let git):
                try await factory(for: index).checkSource(
                    of: git, folder: definition.folder, isOnBase: isOnBase(index))
            case .files(let files): try Self.require(files.from)
            case .archive(let archive): try Self.require(archive.from)
            case .python(let python): try Self.require(python.requirements)
            case .debian: break
            }
        }
        for (index, layer) in definition.layers.enumerated() {
            guard case .python(let python) = layer else { continue }
            for platform in definition.platforms {
                pins[Key(index: index, platform: platform)] = try await factory(for: index).choose(python, platform)
            }
        }
    }

    private static func require(_ path: FilePath) throws(ImageBuildError) {
        _ = try posix { () throws(POSIXError) in try FileStatus(path, followingLinks: true) }
    }

    /// True where the layer does not begin the image.
    private func isOnBase(_ index: Int) -> Bool { definition.base != .scratch || index > 0 }

    /// The factory for entry number `index`: it knows the `files` layers below and the entry's line.
    private func factory(for index: Int) throws(ImageBuildError) -> LayerFactory {
        var factory = factory
        for case .files(let earlier) in definition.layers[..<index] {
            factory.earlierFiles.append(try FileSource(earlier, epoch: epoch, isOnBase: true))
        }
        if index < definition.layerPlaces.count { factory.place = definition.layerPlaces[index] }
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
