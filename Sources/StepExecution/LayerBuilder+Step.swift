package import ImageLayers
import POSIX

extension LayerBuilder {
    /// Returns the layer with a command's changes to `layers`, lowest first, or nil if it changes nothing.
    package func run(
        _ command: StepCommand, on layers: [BuiltLayer], createdBy: String, epoch: Int64
    ) async throws -> BuiltLayer? {
        try await StepExecutor(layerBuilder: self).run(command, on: layers, createdBy: createdBy, epoch: epoch)
    }
}
