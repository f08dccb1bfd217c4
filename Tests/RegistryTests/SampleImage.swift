import Hashing
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport

/// A store with one image of random layers; their content is no tar, which a registry does not check.
struct SampleImage: Sendable {
    let folder: TemporaryFolder
    let store: ImageStore
    let manifest: ImageManifest
    let descriptor: Descriptor

    /// Creates an image with layers of these sizes in bytes.
    init(layers sizes: [Int] = [100_000, 2_000, 1], platform: Platform = .current, in folder: TemporaryFolder? = nil)
        throws
    {
        let folder = try folder ?? TemporaryFolder()
        let store = try ImageStore(at: folder("store"))
        var config = ImageConfig(platform: platform)
        var layers: [Descriptor] = []
        for size in sizes {
            let layer = try store.add(RandomBytes.make(size), mediaType: .layer)
            layers.append(layer)
            config.append(layer: layer.digest, createdBy: "a test", created: "1970-01-01T00:00:00Z")
        }
        let manifest = ImageManifest(
            config: try store.add(config.json.encoded(), mediaType: .imageConfig), layers: layers)
        self.folder = folder
        self.store = store
        self.manifest = manifest
        descriptor = try store.add(manifest.json.encoded(), mediaType: .imageManifest)
    }

    /// Removes a layer from the store.
    func removeLayer(_ index: Int) throws {
        try FileSystem.remove(store.path(of: manifest.layers[index].digest))
    }

    /// Removes a layer from the store, and records that a repository holds it.
    func leaveLayer(_ index: Int, at host: String, _ repository: String) throws {
        let digest = manifest.layers[index].digest
        try FileSystem.remove(store.path(of: digest))
        try store.remember(BlobSource(registry: host, repository: repository), of: digest)
    }

    /// Deletes the record of which repositories hold blobs, as if another machine had pushed them.
    func forgetSources() throws { try FileSystem.removeTree(store.folder.appending("sources")) }

    /// Creates an empty second store.
    func emptyStore() throws -> ImageStore { try ImageStore(at: folder("other")) }
}
