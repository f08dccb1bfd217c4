import Archive
import Definitions
import SystemPackage

extension LayerFactory {
    /// A layer of the user's own files, read anew by each build.
    func files(
        _ layer: ImageDefinition.FilesLayer, epoch: Int64, isOnBase: Bool
    ) async throws(ImageBuildError) -> BuiltLayer {
        let name = "files: \(layer.from.lastComponent?.string ?? "/") into \(layer.into)"
        report(.step(name))
        let report = report
        return try await make(createdBy: name) { (writer) throws(ImageBuildError) in
            var done: Int64 = 0
            let tree = try FileTree(layer, epoch: epoch, isOnBase: isOnBase, report: report) { count in
                done += count
                report(.progress(step: name, bytes: done))
            }
            try tree.write(to: &writer)
        }
    }
}
