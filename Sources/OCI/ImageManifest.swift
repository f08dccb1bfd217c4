package import JSON

/// One image of one platform: its config and its layers, the lowest first.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/manifest.md>.
package struct ImageManifest: Sendable, Hashable {
    /// OCI's or Docker's type of manifest; the two are never mixed in one manifest.
    package var mediaType: MediaType
    /// The image's config.
    package var config: Descriptor
    /// The layers, the lowest first.
    package var layers: [Descriptor]
    /// Free texts by name.
    package var annotations: [String: String]

    /// A manifest from its parts.
    package init(
        mediaType: MediaType = .imageManifest, config: Descriptor, layers: [Descriptor],
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    /// Reads one, for its content only: to copy a manifest, copy its bytes.
    package init(json: JSONValue) throws(JSONError) {
        guard try json.whole("schemaVersion") == 2 else { throw JSONError("'schemaVersion' is not 2") }
        config = try Descriptor(json: try json.member("config"))
        var layers: [Descriptor] = []
        for layer in try json.list("layers") { layers.append(try Descriptor(json: layer)) }
        self.layers = layers
        mediaType = try json.optionalText("mediaType").map { MediaType($0) } ?? .imageManifest
        annotations = try json.textMap("annotations")
    }

    /// The form that ``init(json:)`` reads.
    package var json: JSONValue {
        var json: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(mediaType.description), "config": config.json,
            "layers": .array(layers.map(\.json)),
        ]
        if !annotations.isEmpty { json["annotations"] = .object(annotations.mapValues(JSONValue.string)) }
        return json
    }
}
