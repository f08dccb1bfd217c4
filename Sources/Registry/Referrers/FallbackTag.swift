import JSON
import OCI

/// The tag under which registries without the referrers API store the list of an image's referrers.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema>.
struct FallbackTag: Sendable, CustomStringConvertible {
    let description: String

    init(for subject: Digest) {
        let parts = "\(subject)".split(separator: ":", maxSplits: 1).map(String.init)
        func allowed(_ text: String, _ length: Int) -> String {
            String(
                text.prefix(length).map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
        }
        description = "\(allowed(parts[0], 32))-\(allowed(parts[1], 64))"
    }

    /// Returns the list's entry for a manifest.
    ///
    /// It includes the artifact type and all annotations, so that a reader need not fetch the manifest.
    static func entry(for manifest: FetchedManifest) -> JSONValue {
        var entry = Descriptor(
            mediaType: manifest.descriptor.mediaType, digest: manifest.descriptor.digest, size: manifest.descriptor.size
        ).json
        entry["artifactType"] = manifest.artifactType.map(JSONValue.string)
        if let annotations = manifest.json["annotations"] { entry["annotations"] = annotations }
        return entry
    }
}

extension FetchedManifest {
    /// The digest of the manifest that this one refers to, such as the image of a signature.
    var subject: Digest? { json["subject"]?["digest"]?.string.flatMap { try? Digest($0) } }

    /// The artifact type: the manifest's own, otherwise the media type of its config.
    var artifactType: String? {
        let own = json["artifactType"]?.string ?? ""
        return own.isEmpty ? json["config"]?["mediaType"]?.string : own
    }
}
