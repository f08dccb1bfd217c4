package import Archive
import Hashing
package import ImageStore
import JSON
import OCI
import POSIX
package import SystemPackage

/// Finds the layer that the same inputs gave before; the layer itself is in the store.
///
/// A record that is damaged, truncated or of another program counts as missing, and the layer is made again.
package struct LayerCache: Sendable {
    /// The version of the keys; it increases when the same inputs give another layer than before.
    private static let generation = 5
    /// The member of a record for the state of the blob's file.
    private static let mark = "blob"

    let folder: FilePath
    let store: ImageStore
    /// Whether cached results are verified by reading the files again.
    let isVerifying: Bool
    /// Whether existing layers are ignored; new layers are still recorded.
    package var isIgnored: Bool
    /// The compression of layers; its number of threads has no effect here.
    let compression: LayerCompression
    package var report: @Sendable (BuildEvent) -> Void
    /// Receives the layers in addition to the store.
    let outlet: (any LayerOutlet)?

    /// The outcomes that are shared with other machines.
    let shared: SharedOutcomes?

    package init(
        folder: FilePath, store: ImageStore, isVerifying: Bool = false, isIgnored: Bool = false,
        compression: LayerCompression = .gzip(threads: 1), report: @escaping @Sendable (BuildEvent) -> Void = { _ in },
        outlet: (any LayerOutlet)? = nil, shared: SharedOutcomes? = nil
    ) {
        self.folder = folder
        self.store = store
        self.isVerifying = isVerifying
        self.isIgnored = isIgnored
        self.compression = compression
        self.report = report
        self.outlet = outlet
        self.shared = shared
    }

    /// Returns the file of a record; its key covers all inputs, so that two kinds of layers never share a file.
    func file(for inputs: [String]) -> FilePath { folder.appending("\(key(for: inputs)).json") }

    /// Returns a digest of the inputs and of everything else that affects the layer's bytes.
    func key(for inputs: [String]) -> String {
        let versions = LibraryVersions.all.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let text = (["\(Self.generation)", compression.name] + versions + inputs).joined(separator: "\n")
        return SHA256.hash(Array(text.utf8)).hexadecimal
    }

    /// Returns the layer for the inputs if it is still in the store with its digest.
    package func find(_ inputs: [String], createdBy: String) async -> BuiltLayer? {
        let known = await remembered(inputs, createdBy: createdBy)
        // When verifying, this layer is only for comparison, and a new one is made.
        if let known, !isVerifying { outlet?.add(known.descriptor) }
        return known
    }

    /// Returns whether a layer for the inputs is in the store; its content is verified only when it is used.
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

    package func keep(_ layer: BuiltLayer, for inputs: [String]) throws {
        let file = file(for: inputs)
        var json = layer.json
        json[Self.mark] = store.mark(of: layer.descriptor).map(JSONValue.string)
        let content = json.encoded()
        try FileSystem.makeFolder(folder)
        try FileSystem.write(content, to: file)
    }

    /// Removes the record for the inputs.
    func forget(_ inputs: [String]) { try? FileSystem.remove(file(for: inputs)) }
}
