import JSON
import POSIX
import SystemPackage

/// Lists of layers that come from the same inputs.
extension LayerCache {
    /// Returns the layers for the inputs if all of them are still in the store.
    func findAll(_ inputs: [String]) async -> [BuiltLayer]? {
        guard !isIgnored, let content = try? FileSystem.read(file(for: inputs)),
            let names = (try? JSONValue(parsing: content))?.array?.compactMap(\.string)
        else { return nil }
        var layers: [BuiltLayer] = []
        for (index, name) in names.enumerated() {
            guard let layer = await find(inputs + ["\(index)"], createdBy: name) else { return nil }
            layers.append(layer)
        }
        return layers
    }

    func keepAll(_ layers: [BuiltLayer], for inputs: [String]) throws {
        for (index, layer) in layers.enumerated() { try keep(layer, for: inputs + ["\(index)"]) }
        let file = file(for: inputs)
        let names = JSONValue.array(layers.map { .string($0.createdBy) })
        try FileSystem.write(names.encoded(), to: file)
    }
}
