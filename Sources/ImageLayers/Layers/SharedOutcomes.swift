package import ImageStore
package import OCI
import JSON
import POSIX
import Synchronization
import Wording

/// The outcomes of Dockerfile steps, shared with other machines as an image in a registry.
///
/// The layers of the image are the layers of the steps. Each history entry has the key of a step's inputs, with a layer
/// or, if the step changed nothing, without one. Write access to this image gives control over the content of all
/// images that are built with it.
package final class SharedOutcomes: Sendable {
    /// The label in the config that distinguishes the image from one to run.
    private static let label = "caasctl.build-cache"
    private static let generation = "1"

    private struct Known: Sendable {
        let layer: BuiltLayer?
        let image: BaseImage
    }

    private let source: any BaseImageSource
    private let known = Mutex<[String: Known]>([:])
    private let used = Mutex<[String: LayerCache.Outcome]>([:])

    /// Creates an empty collection; `source` fetches images.
    package init(source: any BaseImageSource) { self.source = source }

    /// Adds the outcomes of an image; for the same inputs, the image that was added first wins.
    package func learn(from reference: Reference) async throws {
        let image = try await source.baseImage(reference, for: .current)
        guard image.config["Labels"]?[Self.label]?.string == Self.generation else {
            throw Failure("use the cache \(reference)", "it is an image, or the cache of another version")
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

    /// Returns the outcome for a key, with its layer fetched into the store, or nil if it is unknown.
    func outcome(_ key: String, createdBy: String, into store: ImageStore) async throws -> LayerCache.Outcome? {
        guard let known = known.withLock({ $0[key] }) else { return nil }
        guard let layer = known.layer else { return LayerCache.Outcome(layer: nil) }
        try await source.fetch([layer.descriptor], of: known.image, into: store)
        // The digest of the blob is verified by now, but the diff ID is only the registry's claim.
        try await BlockingThread.run {
            try ImageUnpacker(store: store, keepingOwners: false).check(layer.descriptor, diffID: layer.diffID)
        }
        return LayerCache.Outcome(
            layer: BuiltLayer(descriptor: layer.descriptor, diffID: layer.diffID, createdBy: createdBy))
    }

    /// Records the outcome for a key in this build.
    func note(_ key: String, _ outcome: LayerCache.Outcome) { used.withLock { $0[key] = outcome } }

    /// Writes an image with this build's outcomes to the store.
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
