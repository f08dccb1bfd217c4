public import JSON

/// One image of one platform: its config and its layers, the lowest first.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/manifest.md>.
public struct ImageManifest: Sendable, Hashable {
    /// OCI's or Docker's type of manifest; the two are never mixed in one manifest.
    public var mediaType: MediaType
    /// The image's config.
    public var config: Descriptor
    /// The layers, the lowest first.
    public var layers: [Descriptor]
    /// Free texts by name.
    public var annotations: [String: String]

    /// A manifest from its parts.
    public init(
        mediaType: MediaType = .imageManifest, config: Descriptor, layers: [Descriptor],
        annotations: [String: String] = [:]
    ) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    /// Reads one, for its content only: to copy a manifest, copy its bytes.
    public init(json: JSONValue) throws(JSONError) {
        guard try json.whole("schemaVersion") == 2 else { throw JSONError("'schemaVersion' is not 2") }
        config = try Descriptor(json: try json.member("config"))
        var layers: [Descriptor] = []
        for layer in try json.list("layers") { layers.append(try Descriptor(json: layer)) }
        self.layers = layers
        mediaType = try json.optionalText("mediaType").map { MediaType($0) } ?? .imageManifest
        annotations = try json.textMap("annotations")
    }

    /// The form that ``init(json:)`` reads.
    public var json: JSONValue {
        var json: JSONValue = [
            "schemaVersion": 2, "mediaType": .string(mediaType.description), "config": config.json,
            "layers": .array(layers.map(\.json)),
        ]
        if !annotations.isEmpty { json["annotations"] = .object(annotations.mapValues(JSONValue.string)) }
        return json
    }
}

/// A list of manifests, one for each platform.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-index.md>.
public struct ImageIndex: Sendable, Hashable {
    /// OCI's or Docker's type of list.
    public var mediaType: MediaType
    /// The manifests in order; of two that fit a platform the first wins.
    public var manifests: [Descriptor]

    /// An index from its parts.
    public init(mediaType: MediaType = .imageIndex, manifests: [Descriptor]) {
        self.mediaType = mediaType
        self.manifests = manifests
    }

    /// Reads one, for its content only: to copy an index, copy its bytes.
    public init(json: JSONValue) throws(JSONError) {
        guard try json.whole("schemaVersion") == 2 else { throw JSONError("'schemaVersion' is not 2") }
        var manifests: [Descriptor] = []
        for manifest in try json.list("manifests") { manifests.append(try Descriptor(json: manifest)) }
        self.manifests = manifests
        mediaType = try json.optionalText("mediaType").map { MediaType($0) } ?? .imageIndex
    }

    /// The form that ``init(json:)`` reads.
    public var json: JSONValue {
        [
            "schemaVersion": 2, "mediaType": .string(mediaType.description),
            "manifests": .array(manifests.map(\.json)),
        ]
    }

    /// The first manifest for a platform; attestations, whose platform is `unknown/unknown`, never match.
    public func manifest(for platform: Platform) -> Descriptor? {
        manifests.first { $0.platform.map { $0.matches(platform) } ?? false }
    }
}
