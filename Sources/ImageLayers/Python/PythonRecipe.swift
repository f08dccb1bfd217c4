import Definitions
import OCI
import Synchronization
import SystemPackage

/// `python`: packages that pip or uv installs.
final class PythonRecipe: LayerRecipe {
    private let layer: ImageDefinition.PythonLayer
    /// The packages of each platform, which are chosen before any layer is made.
    private let pins = Mutex<[Platform: [WheelPin]]>([:])

    init(layer: ImageDefinition.PythonLayer) { self.layer = layer }

    var dependsOnPlatform: Bool { true }
    var sources: [FilePath] { [layer.requirements] }
    var searchPaths: [(variable: String, folder: String)] {
        [("PYTHONPATH", layer.into), ("PATH", "\(layer.into)/bin")]
    }

    func choose(_ place: LayerPlace, for platforms: [Platform]) async throws {
        for platform in platforms { _ = try await packages(place, for: platform) }
    }

    func layers(_ place: LayerPlace, for platform: Platform) async throws -> [BuiltLayer] {
        try await place.layerBuilder.python(
            layer, platform, try await packages(place, for: platform), epoch: place.epoch, isOnBase: place.isOnBase)
    }

    private func packages(_ place: LayerPlace, for platform: Platform) async throws -> [WheelPin] {
        if let chosen = pins.withLock({ $0[platform] }) { return chosen }
        let chosen = try await place.layerBuilder.choose(layer, platform)
        pins.withLock { $0[platform] = chosen }
        return chosen
    }
}
