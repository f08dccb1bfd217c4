import Archive
import Hashing
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage

/// Which layer came out of the same inputs before; the layer itself is in the store.
///
/// What is damaged, cut or somebody else's is as good as nothing: the layer is made again.
struct LayerCache: Sendable {
    /// Raised where the same inputs come to give another layer.
    private static let generation = 4
    /// The key under which an entry keeps what the blob's file was like.
    private static let mark = "blob"

    let folder: FilePath
    let store: ImageStore
    /// True where nothing is believed that can be read again.
    var isVerifying = false
    /// True where no layer that was made before counts; what is made now is kept all the same.
    var isIgnored = false
    /// How the layers are compressed, whatever it says of threads.
    var compression = LayerCompression.gzip(threads: 1)
    var report: @Sendable (BuildEvent) -> Void = { _ in }
    /// Where layers go beside the store.
    var outlet: (any LayerOutlet)?

    /// What is shared with other machines.
    var shared: SharedOutcomes?

    /// The file for inputs, which are written out whole: two kinds of layers never share one.
    func file(for inputs: [String]) -> FilePath { folder.appending("\(key(for: inputs)).json") }

    /// A digest of inputs and of what else the layer's bytes depend on.
    func key(for inputs: [String]) -> String {
        let versions = LibraryVersions.all.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let text = (["\(Self.generation)", compression.name] + versions + inputs).joined(separator: "\n")
        return SHA256.hash(Array(text.utf8)).hexadecimal
    }

    /// The layer that the inputs gave, if it is still in the store with its digest.
    func find(_ inputs: [String], createdBy: String) async -> BuiltLayer? {
        let known = await remembered(inputs, createdBy: createdBy)
        // One that is only to be compared is made once more.
        if let known, !isVerifying { outlet?.add(known.descriptor) }
        return known
    }

    /// True where a layer of these inputs was made and is in the store; whether it is intact is seen when it is taken.
    func isKnown(_ inputs: [String]) -> Bool {
        guard !isIgnored, let content = try? FileSystem.read(file(for: inputs)),
            let json = try? JSONValue(parsing: content),
            let layer = try? BuiltLayer(json: json, createdBy: "")
        else { return false }
        return store.contains(layer.descriptor)
    }

    private func remembered(_ inputs: [String], createdBy: String) async -> BuiltLayer? {
        if isIgnored { return nil }
        return await BlockingThread.run { () throws(Never) in
            let file = file(for: inputs)
            guard let content = try? FileSystem.read(file), let json = try? JSONValue(parsing: content),
                let layer = try? BuiltLayer(json: json, createdBy: createdBy), store.contains(layer.descriptor)
            else { return nil }
            if !isVerifying, let mark = json[Self.mark]?.string, mark == store.mark(of: layer.descriptor) {
                return layer
            }
            guard store.isIntact(layer.descriptor) else {
                report(.warning("\(createdBy): the layer in the store was damaged; it is made again"))
                return nil
            }
            try? keep(layer, for: inputs)
            return layer
        }
    }

    func keep(_ layer: BuiltLayer, for inputs: [String]) throws(ImageBuildError) {
        let file = file(for: inputs)
        var json = layer.json
        json[Self.mark] = store.mark(of: layer.descriptor).map(JSONValue.string)
        let content = json.encoded()
        try posix { () throws(POSIXError) in
            try FileSystem.makeFolder(folder)
            try FileSystem.write(content, to: file)
        }
    }

    /// Forgets what the inputs gave.
    func forget(_ inputs: [String]) { try? FileSystem.remove(file(for: inputs)) }
}
