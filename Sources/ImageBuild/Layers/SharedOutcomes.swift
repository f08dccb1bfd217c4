package import ImageStore
package import OCI
import JSON
import POSIX
import Synchronization

/// What commands of Dockerfiles came to, shared with other machines as an image in a registry.
///
/// Its layers are those that commands made. Of its history each line names inputs by their key, with a layer or, where they
/// came to nothing, without one. Who can write it decides what is in the images of those who read it.
package final class SharedOutcomes: Sendable {
    /// A label of the config that tells it from an image to run.
    private static let label = "caasctl.build-cache"
    private static let generation = "1"

    private struct Known: Sendable {
        let layer: BuiltLayer?
        let image: BaseImage
    }

    private let source: any BaseImageSource
    private let known = Mutex<[String: Known]>([:])
    private let used = Mutex<[String: LayerCache.Outcome]>([:])

    /// Nothing yet, from where images come from.
    package init(source: any BaseImageSource) { self.source = source }

    /// Learns what an image tells; of several that know the same inputs the first one counts.
    package func learn(from reference: Reference) async throws {
        let image = try await source.baseImage(reference, for: .current)
        guard image.config["Labels"]?[Self.label]?.string == Self.generation else {
            throw ImageBuildError("use the cache \(reference)", "it is an image, or the cache of another version")
        }
        var layers = Array(zip(image.layers, image.config.diffIDs))[...]
        var found: [String: Known] = [:]
        for line in image.config.json["history"]?.array ?? [] {
            guard let key = line["created_by"]?.string else { continue }
            if try line.optionalFlag("empty_layer") == true {
                found[key] = Known(layer: nil, image: image)
            } else if let (descriptor, diffID) = layers.popFirst() {
                let layer = BuiltLayer(descriptor: descriptor, diffID: diffID, createdBy: "")
                found[key] = Known(layer: layer, image: image)
            }
        }
        known.withLock { $0.merge(found) { first, _ in first } }
    }

    /// What the inputs with this key came to elsewhere, with its layer brought into the store; nil where nobody knows.
    func outcome(_ key: String, createdBy: String, into store: ImageStore) async throws -> LayerCache.Outcome? {
        guard let known = known.withLock({ $0[key] }) else { return nil }
        guard let layer = known.layer else { return LayerCache.Outcome(layer: nil) }
        try await source.fetch([layer.descriptor], of: known.image, into: store)
        // Its digest is right by now; what it unpacks to is the registry's word.
        try await BlockingThread.run { () throws(ImageBuildError) in
            try stored { () throws(ImageStoreError) in
                try ImageUnpacker(store: store, keepingOwners: false).check(layer.descriptor, diffID: layer.diffID)
            }
        }
        return LayerCache.Outcome(
            layer: BuiltLayer(descriptor: layer.descriptor, diffID: layer.diffID, createdBy: createdBy))
    }

    /// Remembers what inputs came to in this build.
    func note(_ key: String, _ outcome: LayerCache.Outcome) { used.withLock { $0[key] = outcome } }

    /// An image in the store that tells others what inputs came to in this build.
    package func image(in store: ImageStore) throws -> Descriptor {
        let created = "1980-01-01T00:00:00Z"
        var config = ImageConfig(platform: .current)
        config["Labels"] = .object([Self.label: .string(Self.generation)])
        var layers: [Descriptor] = []
        for (key, outcome) in used.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            guard let layer = outcome.layer else {
                config.appendHistory(createdBy: key, created: created)
                continue
            }
            config.append(layer: layer.diffID, createdBy: key, created: created)
            layers.append(layer.descriptor)
        }
        let blob = try store.add(config.json.encoded(), mediaType: .imageConfig)
        let manifest = ImageManifest(config: blob, layers: layers)
        return try store.add(manifest.json.encoded(), mediaType: .imageManifest)
    }
}
