import Archive
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import RunContract
import SystemPackage

/// Reads the program description of an image from the small layer that `caasctl build` adds last.
struct ImageProgram {
    /// The largest layer and file that can hold a program description, in bytes; caasctl writes none that are larger.
    private static let largest = 1 << 20

    let store: ImageStore
    let registry: RegistryClient
    let reference: Reference

    /// Returns nil where the last layer holds no program: the image was built on top of a caasctl image.
    func read(_ manifest: ImageManifest, _ config: ImageConfig) async throws -> Program? {
        guard let layer = manifest.layers.last, layer.size <= Self.largest else { return nil }
        if store.contains(layer) { return try Self.program(in: store.path(of: layer.digest)) }
        let folder = try HomeFolder.open().appending("cache").appending("tmp")
        try FileSystem.makeFolder(folder)
        let file = FileSystem.temporaryPath(beside: folder.appending("program"))
        defer { try? FileSystem.remove(file) }
        try await registry.pullBlob(layer, from: reference, to: file)
        return try Self.program(in: file)
    }

    private static func program(in layer: FilePath) throws -> Program? {
        let path = Array(Program.path.drop { $0 == "/" }.utf8)
        var reader = try LayerReader(File(layer, .read))
        while let entry = try reader.next() {
            guard entry.path == path, entry.kind == .regular else { continue }
            return try Program(json: JSONValue(parsing: reader.content(limit: largest)))
        }
        return nil
    }
}
