package import JSON

/// A list of manifests, one for each platform.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-index.md>.
package struct ImageIndex: Sendable, Hashable {
    /// The media type: OCI's image index or Docker's manifest list.
    package var mediaType: MediaType
    /// The manifests in order; of two that match a platform equally well, the first is used.
    package var manifests: [Descriptor]
    package var annotations: [String: String]

    package init(mediaType: MediaType = .imageIndex, manifests: [Descriptor], annotations: [String: String] = [:]) {
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }

    /// Decodes an index; to copy an index, copy its bytes, since unknown members are lost here.
    package init(json: JSONValue) throws {
        guard try json.whole("schemaVersion") == 2 else { throw JSONError("'schemaVersion' is not 2") }
        var manifests: [Descriptor] = []
        for manifest in try json.list("manifests") { manifests.append(try Descriptor(json: manifest)) }
        self.manifests = manifests
        mediaType = try json.optionalText("mediaType").map { MediaType($0) } ?? .imageIndex
        annotations = try json.textMap("annotations")
    }

    /// The JSON that ``init(json:)`` decodes.
    package var json: JSONValue {
        var json: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(mediaType.description),
            "manifests": .array(manifests.map(\.json)),
        ]
        if !annotations.isEmpty { json["annotations"] = .object(annotations.mapValues(JSONValue.string)) }
        return json
    }

    /// Returns the manifest that matches a platform best; of several equally good ones, the first.
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
