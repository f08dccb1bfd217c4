import JSON
import OCI

/// The tag under which registries without the referrers API keep the list of what refers to an image.
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

    /// An entry of the list for a manifest: with its type and all its annotations, so that a reader need not fetch it.
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
    /// What the manifest refers to, as a signature to its image.
    var subject: Digest? { json["subject"]?["digest"]?.string.flatMap { try? Digest($0) } }

    /// What kind of thing it is: its own type, else that of its config.
    var artifactType: String? {
        let own = json["artifactType"]?.string ?? ""
        return own.isEmpty ? json["config"]?["mediaType"]?.string : own
    }
}
