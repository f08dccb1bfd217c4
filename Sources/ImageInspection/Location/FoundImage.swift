package import ImageStore
import JSON
package import OCI
import POSIX
package import SystemPackage
import Wording

/// An image that was found, with the place of its documents.
package struct FoundImage: Sendable {
    /// The place of documents and layers.
    enum Source: Sendable {
        /// An OCI layout; with a keeper, it is removed together with the last image that refers to the keeper.
        case layout(FilePath, keeper: UnpackedArchive?)
        /// Only the manifests and configs, of an image whose layers are elsewhere.
        case documents([Digest: [UInt8]])
    }

    /// The size limit of a document in bytes: no manifest is bigger, and hardly any config.
    static let longestDocument = 16 << 20

    /// The name by which the image was requested or found.
    package let name: String
    /// The descriptor of the manifest or index.
    package let descriptor: Descriptor
    let source: Source

    init(name: String, descriptor: Descriptor, source: Source) {
        self.name = name
        self.descriptor = descriptor
        self.source = source
    }

    /// Creates an image of the store.
    package init(name: String, _ descriptor: Descriptor, in store: ImageStore) {
        self.init(name: name, descriptor: descriptor, source: .layout(store.folder, keeper: nil))
    }

    /// Creates an image in a registry, whose documents were fetched.
    package init(name: String, _ descriptor: Descriptor, documents: [Digest: [UInt8]]) {
        self.init(name: name, descriptor: descriptor, source: .documents(documents))
    }

    /// The folder of its OCI layout; nil if only its documents are on this machine.
    package var layout: FilePath? { if case .layout(let folder, _) = source { folder } else { nil } }

    /// Removes the files of an unpacked archive; the image cannot be read after that.
    package func removeTemporaryFiles() {
        if case .layout(_, let keeper?) = source { keeper.remove() }
    }

    /// Returns the path of a blob; nil if only documents are on this machine.
    func path(of digest: Digest) -> FilePath? {
        layout?.appending("blobs").appending("sha256").appending(digest.hexadecimal)
    }

    /// Returns whether a blob is on this machine with its full size.
    func contains(_ blob: Descriptor) -> Bool {
        guard let path = path(of: blob.digest) else { return false }
        return (try? FileStatus(path))?.size == blob.size
    }

    /// Returns a document after verifying its digest.
    func document(_ descriptor: Descriptor) throws -> [UInt8] {
        switch source {
        case .documents(let documents):
            guard let content = documents[descriptor.digest] else {
                throw Failure("read \(name)", "its document \(descriptor.digest) was not fetched")
            }
            return content
        case .layout(let folder, _):
            let path = folder.appending("blobs").appending("sha256").appending(descriptor.digest.hexadecimal)
            let content = try FileSystem.read(path, limit: Self.longestDocument)
            guard Digest(of: content) == descriptor.digest else {
                throw Failure("read \(path)", "its content is damaged")
            }
            return content
        }
    }

    /// Returns the files of one of the images, whose layers must be on this machine; `listings` caches layers' headers.
    package func contents(of image: PlatformImage, listings: FilePath) throws -> ImageContents {
        let places = image.manifest.layers.compactMap { layer in path(of: layer.digest).map { (layer, $0) } }
        if let missing = image.manifest.layers.first(where: { !contains($0) }) {
            throw Failure("look into \(name)", "layer \(missing.digest) is not there, or not whole")
        }
        return try ImageContents(layers: places, listings: listings)
    }

    /// Returns the images of all platforms, or of one; attestations, whose platform is `unknown`, are left out.
    package func images(platform: Platform? = nil) throws -> [PlatformImage] {
        var images: [PlatformImage] = []
        var walk = ManifestWalk<any Error> { [name] (_, reason) in Failure("read \(name)", reason) }
        try walk.visit(descriptor) { (descriptor) in
            try children(of: descriptor, orImageInto: &images)
        }
        guard let platform else { return images }
        let fitting = images.filter { $0.config.platform.matches(platform) }
        guard !fitting.isEmpty else {
            let offered = images.map(\.config.platform.description).joined(separator: ", ")
            throw Failure("read \(name)", "it has no image for \(platform), only for \(offered)")
        }
        return fitting
    }

    /// Returns the image for a platform; without one, the only image, or else the one for this machine or the first.
    package func image(platform: Platform?) throws -> PlatformImage {
        let images = try images(platform: platform)
        if images.count == 1 { return images[0] }
        guard let image = images.first(where: { $0.config.platform.matches(platform ?? .current) }) ?? images.first
        else { throw Failure("read \(name)", "it has no image") }
        return image
    }

    /// Returns the manifests that an index lists; appends the image of a manifest, which lists none.
    private func children(of descriptor: Descriptor, orImageInto images: inout [PlatformImage]) throws -> [Descriptor] {
        let content = try document(descriptor)
        let thing = "manifest \(descriptor.digest)"
        let json = try attempt("read \(thing)") { try JSONValue(parsing: content) }
        if descriptor.mediaType.isIndex || json["manifests"] != nil {
            let index = try attempt("read \(thing)") { try ImageIndex(json: json) }
            return index.manifests.filter { $0.platform?.os != "unknown" }
        }
        let manifest = try attempt("read \(thing)") { try ImageManifest(json: json) }
        let config = try document(manifest.config)
        let read = try attempt("read config \(manifest.config.digest)") {
            try ImageConfig(json: try JSONValue(parsing: config))
        }
        images.append(PlatformImage(descriptor: descriptor, manifest: manifest, config: read))
        return []
    }
}

/// The manifest and config of an image for one platform.
package struct PlatformImage: Sendable {
    /// The manifest's descriptor.
    package let descriptor: Descriptor
    package let manifest: ImageManifest
    package let config: ImageConfig
}
