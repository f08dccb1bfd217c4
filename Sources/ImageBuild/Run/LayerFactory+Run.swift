import POSIX

extension LayerFactory {
    /// The layer of what a command changes on the layers below it, the lowest first; nil where it changes nothing.
    func run(
        _ command: RunCommand, on layers: [BuiltLayer], createdBy: String, epoch: Int64
    ) async throws(ImageBuildError) -> BuiltLayer? {
        try await RunExecutor(factory: self).run(command, on: layers, createdBy: createdBy, epoch: epoch)
    }
}
