package import JSON

/// An image for one platform: its config, and its layers from the lowest up.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/manifest.md>.
package struct ImageManifest: Sendable, Hashable {
    /// The media type, OCI's or Docker's; one manifest never mixes the two.
    package var mediaType: MediaType
    package var config: Descriptor
    /// The layers, the lowest first.
    package var layers: [Descriptor]
    package var annotations: [String: String]

    package init(
        mediaType: MediaType = .imageManifest, config: Descriptor, layers: [Descriptor],
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    /// Decodes a manifest; to copy a manifest, copy its bytes, since unknown members are lost here.
    package init(json: JSONValue) throws {
        guard try json.whole("schemaVersion") == 2 else { throw JSONError("'schemaVersion' is not 2") }
        config = try Descriptor(json: try json.member("config"))
        var layers: [Descriptor] = []
        for layer in try json.list("layers") { layers.append(try Descriptor(json: layer)) }
        self.layers = layers
        mediaType = try json.optionalText("mediaType").map { MediaType($0) } ?? .imageManifest
        annotations = try json.textMap("annotations")
    }

    /// The JSON that ``init(json:)`` decodes.
    package var json: JSONValue {
        var json: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(mediaType.description), "config": config.json,
            "layers": .array(layers.map(\.json)),
        ]
        if !annotations.isEmpty { json["annotations"] = .object(annotations.mapValues(JSONValue.string)) }
        return json
    }
}
