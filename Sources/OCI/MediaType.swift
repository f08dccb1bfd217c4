/// The media type of a blob or manifest, kept as text so that unknown types are accepted.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/media-types.md>.
package struct MediaType: Sendable, Hashable, CustomStringConvertible {
    /// The type without parameters.
    package let description: String

    /// Creates a type; drops parameters after `;`.
    package init(_ text: String) {
        let name = text.prefix { $0 != ";" }
        description = String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    package static let imageManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
    package static let imageIndex = MediaType("application/vnd.oci.image.index.v1+json")
    package static let imageConfig = MediaType("application/vnd.oci.image.config.v1+json")
    /// A layer as an uncompressed tar.
    package static let layer = MediaType("application/vnd.oci.image.layer.v1.tar")
    /// A layer as a tar compressed by gzip.
    package static let layerGzip = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
    /// A layer as a tar compressed by zstd.
    package static let layerZstd = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
    /// Docker's manifest of one image, schema 2.
    package static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerManifestList = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerConfig = MediaType("application/vnd.docker.container.image.v1+json")
    /// Docker's layer as an uncompressed tar.
    package static let dockerLayer = MediaType("application/vnd.docker.image.rootfs.diff.tar")
    /// Docker's layer, with the same bytes as OCI's gzip layer.
    package static let dockerLayerGzip = MediaType("application/vnd.docker.image.rootfs.diff.tar.gzip")

    /// OCI's equivalent of a Docker layer type, whose bytes are the same; all other types stay as they are.
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

    /// True for OCI's image index and Docker's manifest list.
    package var isIndex: Bool { self == .imageIndex || self == .dockerManifestList }
    /// True for OCI's and Docker's manifest of one image.
    package var isImageManifest: Bool { self == .imageManifest || self == .dockerManifest }
}
