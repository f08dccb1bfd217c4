import Archive
package import ImageLayers
import JSON
package import RunContract

extension LayerBuilder {
    /// Makes a layer with the description of the program that the entrypoint runs.
    package func bake(_ program: Program, epoch: Int64) async throws -> BuiltLayer {
        let content = program.json.encoded()
        let parents = ParentFolders.entries(to: Program.path, includingItself: false, onBase: true, modified: epoch)
        let path = Program.path.split(separator: "/").joined(separator: "/")
        let entry = ArchiveEntry(.regular, path: Array(path.utf8), mode: 0o644, modified: epoch)
        return try await make(createdBy: "program: \(program.name)") { (writer) in
            for parent in parents { try writer.append(parent) }
            try writer.append(entry, content: content)
        }
    }
}
