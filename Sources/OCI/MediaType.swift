/// The kind of a blob or manifest, kept as text: unknown ones must pass.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/media-types.md>.
package struct MediaType: Sendable, Hashable, CustomStringConvertible {
    /// The text as it came, without parameters.
    package let description: String

    /// A type from outside; parameters after `;` do not belong to it.
    package init(_ text: String) {
        let name = text.prefix { $0 != ";" }
        description = String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// The manifest of one image.
    package static let imageManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
    /// A list of manifests.
    package static let imageIndex = MediaType("application/vnd.oci.image.index.v1+json")
    /// The config of an image.
    package static let imageConfig = MediaType("application/vnd.oci.image.config.v1+json")
    /// A layer as a plain tar.
    package static let layer = MediaType("application/vnd.oci.image.layer.v1.tar")
    /// A layer as a tar in gzip.
    package static let layerGzip = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
    /// A layer as a tar in zstd.
    package static let layerZstd = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
    /// Docker's manifest of one image, schema 2.
    package static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
    /// Docker's list of manifests.
    package static let dockerManifestList = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
    /// Docker's config of an image.
    package static let dockerConfig = MediaType("application/vnd.docker.container.image.v1+json")
    /// Docker's layer as a plain tar.
    package static let dockerLayer = MediaType("application/vnd.docker.image.rootfs.diff.tar")
    /// Docker's layer, the same bytes as OCI's in gzip.
    package static let dockerLayerGzip = MediaType("application/vnd.docker.image.rootfs.diff.tar.gzip")

    /// A layer's type in OCI's words where it is one of Docker's, whose bytes are the same.
    package var asOCI: MediaType {
        let prefix = "application/vnd.docker.image.rootfs."
        guard description.hasPrefix(prefix) else { return self }
        switch description.dropFirst(prefix.count) {
        case "diff.tar": return .layer
        case "diff.tar.gzip": return .layerGzip
        case "diff.tar.zstd": return .layerZstd
        case "foreign.diff.tar": return MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar")
        case "foreign.diff.tar.gzip": return MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
        default: return self
        }
    }

    /// True for a list of manifests, OCI's or Docker's.
    package var isIndex: Bool { self == .imageIndex || self == .dockerManifestList }
    /// True for the manifest of one image, OCI's or Docker's.
    package var isImageManifest: Bool { self == .imageManifest || self == .dockerManifest }
}
