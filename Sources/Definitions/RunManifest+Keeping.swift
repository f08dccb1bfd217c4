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
            "name": Self.literal(name), "target": .string(target), "image": Self.literal(image),
            "resources": resources.kept,
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
    package init(kept: JSONValue, place: FilePath, settings: Settings, overrides: [String] = []) throws {
        try self.init(
            YAMLValue(kept, place: place.string, way: .root), file: place, settings: settings, overrides: overrides)
    }

    /// Returns a text with escapes that keep it from being expanded when it is read again.
    fileprivate static func literal(_ text: String) -> JSONValue { .string(text.replacing("${", with: "$${")) }
}

extension YAMLValue {
    /// The node as JSON that is read back as the same node; texts are escaped against expansion.
    fileprivate var kept: JSONValue {
        switch content {
        case .empty: .null
        case .scalar("true", isPlain: true): .bool(true)
        case .scalar("false", isPlain: true): .bool(false)
        case .scalar(let text, isPlain: true) where text.wholeMatch(of: #/(0|[1-9]\d{0,17})(\.\d+)?/#) != nil:
            .number(text)
        case .scalar(let text, _): RunManifest.literal(text)
        case .sequence(let elements): .array(elements.map(\.kept))
        case .mapping(let entries):
            .object(Dictionary(entries.map { ($0.key, $0.value.kept) }, uniquingKeysWith: { $1 }))
        }
    }

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
