import ByteText
package import JSON

/// An image's config: its runtime settings, and the digests of its layers.
///
/// The whole document is kept, so that unknown members survive a change.
/// Source: <https://github.com/opencontainers/image-spec/blob/main/config.md>.
package struct ImageConfig: Sendable, Hashable {
    /// The whole document.
    package private(set) var json: JSONValue

    /// Creates a config for a platform, without layers.
    package init(platform: Platform) {
        json = platform.json
        json["rootfs"] = ["type": "layers", "diff_ids": []]
        json["config"] = [:]
    }

    /// Decodes a config; the members that every image needs must be present.
    package init(json: JSONValue) throws {
        _ = try Platform(json: json)
        for digest in try json.member("rootfs").texts("diff_ids") {
            do { _ = try Digest(digest) } catch { throw JSONError("\(error)") }
        }
        self.json = json
    }

    /// The platform on which the image runs.
    package var platform: Platform {
        (try? Platform(json: json)) ?? Platform(os: "unknown", architecture: "unknown")
    }

    /// The digests of the uncompressed layers, the lowest first.
    package var diffIDs: [Digest] {
        (json["rootfs"]?["diff_ids"]?.array ?? []).compactMap { $0.string.flatMap { try? Digest($0) } }
    }

    /// Sets the variant of the architecture, such as v3 of amd64.
    package mutating func setVariant(_ variant: String) { json["variant"] = .string(variant) }

    /// Adds a layer on top, with a history entry.
    package mutating func append(layer diffID: Digest, createdBy: String, created: String) {
        alignHistory(created: created)
        var rootfs = json["rootfs"] ?? ["type": "layers"]
        rootfs["diff_ids"] = .array((rootfs["diff_ids"]?.array ?? []) + [.string(diffID.description)])
        json["rootfs"] = rootfs
        let entry: JSONValue = ["created": .string(created), "created_by": .string(createdBy)]
        json["history"] = .array((json["history"]?.array ?? []) + [entry])
    }

    /// Makes the number of history entries with layers equal to the number of layers, since other tools compare them.
    ///
    /// Surplus entries are marked as empty layers, like those of changed settings.
    package mutating func alignHistory(created: String) {
        var history = json["history"]?.array ?? []
        let described = history.indices.filter { history[$0]["empty_layer"]?.bool != true }
        for surplus in described.dropFirst(diffIDs.count) { history[surplus]["empty_layer"] = true }
        let missing = max(0, diffIDs.count - described.count)
        let entry: JSONValue = ["created": .string(created), "comment": "a layer of the base without history"]
        history += Array(repeating: entry, count: missing)
        if !history.isEmpty { json["history"] = .array(history) }
    }

    /// Adds a history entry without a layer.
    package mutating func appendHistory(createdBy: String, created: String) {
        let entry: JSONValue = [
            "created": .string(created), "created_by": .string(createdBy), "empty_layer": true,
        ]
        json["history"] = .array((json["history"]?.array ?? []) + [entry])
    }

    package var author: String? {
        get { json["author"]?.string }
        set { json["author"] = newValue.map(JSONValue.string) }
    }

    /// The creation time of the image in RFC 3339 format.
    package var created: String? {
        get { json["created"]?.string }
        set { json["created"] = newValue.map(JSONValue.string) }
    }

    /// A member of the runtime settings, such as `Env`; setting nil removes it.
    package subscript(setting: String) -> JSONValue? {
        get { json["config"]?[setting] }
        set {
            var settings = json["config"]?.object ?? [:]
            settings[setting] = newValue
            json["config"] = .object(settings)
        }
    }

    /// The environment in order; of two entries with one name a runtime uses the last.
    package var environment: [(name: String, value: String)] {
        get {
            (self["Env"]?.array ?? []).compactMap(\.string).map { entry in
                let parts = entry.split(byte: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
            }
        }
        set { self["Env"] = .array(newValue.map { .string("\($0.name)=\($0.value)") }) }
    }

    /// Sets a variable, in its present place if it exists, otherwise at the end.
    package mutating func setEnvironment(_ name: String, _ value: String) {
        var entries = environment.filter { $0.name != name || $0.name.isEmpty }
        let place = environment.firstIndex { $0.name == name } ?? entries.count
        entries.insert((name, value), at: min(place, entries.count))
        environment = entries
    }

    package mutating func removeEnvironment(_ name: String) {
        environment = environment.filter { $0.name != name }
    }
}
