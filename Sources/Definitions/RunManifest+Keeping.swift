package import JSON
import Secrets
package import SystemPackage

/// Storing a manifest independently of the variables with which it was read.
extension RunManifest {
    /// Returns the manifest with every variable replaced by its value, and without secrets.
    ///
    /// ``init(kept:place:settings:overrides:)`` reads it like any manifest. The registry's password is stored as a
    /// reference to its variable; it is left out if it was written in the file itself.
    package func kept(image: String, environment: [String: String]) -> JSONValue {
        var json: JSONValue = [
            "name": Self.literal(name), "target": "ionet", "image": Self.literal(image), "resources": resources.json,
            "port": .integer(port), "keep_alive": .bool(keepAlive),
            "environment": .object(environment.mapValues(Self.literal)),
            "secrets": .array(secrets.map(JSONValue.string)),
            "optional_secrets": .array(optionalSecrets.map(JSONValue.string)),
        ]
        if let budgetUSD { json["budget_usd"] = .double(budgetUSD) }
        if let registryLogin, let variable = registryLogin.passwordVariable {
            json["registry_login"] = [
                "username": Self.literal(registryLogin.username), "password": .string("${\(variable)}"),
            ]
        }
        return json
    }

    /// Decodes the result of ``kept(image:environment:)``; errors name `place`.
    package init(
        kept: JSONValue, place: FilePath, settings: Settings, overrides: [String] = []
    ) throws(DefinitionError) {
        try self.init(
            YAMLValue(kept, place: place.string, way: .root), file: place, settings: settings, overrides: overrides)
    }

    /// Returns a text with escapes that keep it from being expanded when it is read again.
    fileprivate static func literal(_ text: String) -> JSONValue { .string(text.replacing("${", with: "$${")) }
}

extension RunManifest.Resources {
    fileprivate var json: JSONValue {
        var json: JSONValue = ["gpus": .integer(gpus), "hours": .integer(hours)]
        if let gpu { json["gpu"] = RunManifest.literal(gpu) }
        if !locations.isEmpty { json["locations"] = .array(locations.map(RunManifest.literal)) }
        if let hardwareID { json["hardware_id"] = Self.kept(hardwareID) }
        if !locationIDs.isEmpty { json["location_ids"] = .array(locationIDs.map(Self.kept)) }
        return json
    }

    /// Returns an ID; a number stays a number.
    private static func kept(_ id: JSONValue) -> JSONValue { id.string.map(RunManifest.literal) ?? id }
}

extension YAMLValue {
    /// Converts a JSON document, which is also YAML except for characters that YAML forbids.
    ///
    /// <https://yaml.org/spec/1.2.2/#51-character-set>
    fileprivate init(_ json: JSONValue, place: String, way: YAMLPath) {
        let content: Content =
            switch json {
            case .null: .empty
            case .bool(let flag): .scalar(flag ? "true" : "false", isPlain: true)
            case .number(let text): .scalar(text, isPlain: true)
            case .string(let text): .scalar(text, isPlain: false)
            case .array(let elements):
                .sequence(
                    elements.enumerated().map { YAMLValue($1, place: place, way: .element($0, in: way)) })
            case .object(let members):
                .mapping(
                    members.sorted { $0.key < $1.key }.map { name, value in
                        Entry(
                            key: name, place: place,
                            value: YAMLValue(value, place: place, way: .key(name, in: way)))
                    })
            }
        self.init(content: content, place: place, way: way)
    }
}
