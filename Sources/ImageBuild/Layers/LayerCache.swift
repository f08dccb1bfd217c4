import Archive
import Hashing
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage

/// Which layer came out of the same inputs before; the layer itself is in the store.
struct LayerCache: Sendable {
    /// Raised where the same inputs come to give another layer.
    private static let generation = 1

    let folder: FilePath
    let store: ImageStore

    /// The file for inputs, which are written out whole: two kinds of layers never share one.
    func file(for inputs: [String]) -> FilePath {
        let versions = LibraryVersions.all.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let text = (["\(Self.generation)"] + versions + inputs).joined(separator: "\n")
        return folder.appending("\(SHA256.hash(Array(text.utf8)).hexadecimal).json")
    }

    /// The layer that the inputs gave, if it is still in the store.
    func find(_ inputs: [String], createdBy: String) -> BuiltLayer? {
        guard let content = try? FileSystem.read(file(for: inputs)),
            let layer = try? BuiltLayer(json: JSONValue(parsing: content), createdBy: createdBy),
            store.contains(layer.descriptor)
        else { return nil }
        return layer
    }

    func keep(_ layer: BuiltLayer, for inputs: [String]) throws(ImageBuildError) {
        let file = file(for: inputs)
        try posix { () throws(POSIXError) in
            try FileSystem.makeFolder(folder)
            try FileSystem.write(layer.json.encoded(), to: file)
        }
    }
}
