package import JSON

/// A list of manifests, one for each platform.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-index.md>.
package struct ImageIndex: Sendable, Hashable {
    /// OCI's or Docker's type of list.
    package var mediaType: MediaType
    /// The manifests in order; of two that fit a platform equally well the first wins.
    package var manifests: [Descriptor]
    /// Free texts by name.
    package var annotations: [String: String]

    /// An index from its parts.
    package init(
        mediaType: MediaType = .imageIndex, manifests: [Descriptor], annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }

    /// Reads one, for its content only: to copy an index, copy its bytes.
    package init(json: JSONValue) throws(JSONError) {
        guard try json.whole("schemaVersion") == 2 else { throw JSONError("'schemaVersion' is not 2") }
        var manifests: [Descriptor] = []
        for manifest in try json.list("manifests") { manifests.append(try Descriptor(json: manifest)) }
        self.manifests = manifests
        mediaType = try json.optionalText("mediaType").map { MediaType($0) } ?? .imageIndex
        annotations = try json.textMap("annotations")
    }

    /// The form that ``init(json:)`` reads.
    package var json: JSONValue {
        var json: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(mediaType.description),
            "manifests": .array(manifests.map(\.json)),
        ]
        if !annotations.isEmpty { json["annotations"] = .object(annotations.mapValues(JSONValue.string)) }
        return json
    }

    /// The manifest that suits a platform best, the first of several that do so equally well.
    ///
    /// Attestations, whose platform is `unknown/unknown`, never match.
    package func manifest(for platform: Platform) -> Descriptor? {
        var best: (distance: Int, manifest: Descriptor)?
        for manifest in manifests {
            guard let distance = manifest.platform?.distance(from: platform) else { continue }
            if distance < best?.distance ?? .max { best = (distance, manifest) }
        }
        return best?.manifest
    }
}
