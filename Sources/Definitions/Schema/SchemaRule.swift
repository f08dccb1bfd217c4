import JSON

/// What a schema says of one value.
///
/// YAML's own reading makes a number of `8000` and a flag of `true`, where caasctl takes every value as text. So texts
/// may be numbers, and numbers may be texts.
struct SchemaRule: Sendable {
    /// The name of the definition that all rules share.
    static let templateName = "template"
    /// A text with a variable, which may become anything.
    static let template = SchemaRule("a text with a variable", ["type": "string", "pattern": #"\$\{"#])

    private var members: [String: JSONValue]

    var json: JSONValue { .object(members) }

    init(_ meaning: String?, _ members: [String: JSONValue]) {
        self.members = members
        if let meaning { self.members["description"] = .string(meaning) }
    }

    /// The same rule, or a text with a variable.
    var orTemplate: SchemaRule {
        var plain = members
        let meaning = plain.removeValue(forKey: "description")
        let reference = JSONValue.object(["$ref": .string("#/$defs/\(Self.templateName)")])
        return SchemaRule(meaning?.string, ["anyOf": .array([.object(plain), reference])])
    }

    /// Returns the rule with one more keyword of JSON Schema.
    func adding(_ keyword: String, _ value: JSONValue) -> SchemaRule {
        var copy = self
        copy.members[keyword] = value
        return copy
    }
}

/// The kinds of values.
extension SchemaRule {
    private static let most = 1_000_000_000

    /// A text, which may be empty.
    static func anyText(_ meaning: String? = nil) -> SchemaRule {
        SchemaRule(meaning, ["type": ["string", "number", "boolean"]])
    }

    /// A text that is not empty.
    static func text(_ meaning: String? = nil) -> SchemaRule { anyText(meaning).adding("minLength", 1) }

    /// A text that fits a regular expression; a word of digits alone is a number unless it is in quotes.
    static func word(_ meaning: String? = nil, like pattern: String, orNumber: Bool = false) -> SchemaRule {
        let type: JSONValue = orNumber ? ["string", "number"] : "string"
        return SchemaRule(meaning, ["type": type, "pattern": .string(pattern)])
    }

    static func choice(_ meaning: String, _ words: [String]) -> SchemaRule {
        SchemaRule(meaning, ["enum": .array(words.map { .string($0) })])
    }

    static func whole(
        _ meaning: String, atLeast minimum: Int = 0, atMost maximum: Int = SchemaRule.most
    ) -> SchemaRule {
        SchemaRule(
            meaning,
            [
                "type": ["integer", "string"], "minimum": .integer(minimum), "maximum": .integer(maximum),
                "pattern": "^[0-9]+$",
            ])
    }

    static func flag(_ meaning: String) -> SchemaRule {
        SchemaRule(meaning, ["type": ["boolean", "string"], "pattern": "^(true|false)$"])
    }

    static func list(_ meaning: String? = nil, of element: SchemaRule, atLeast count: Int = 0) -> SchemaRule {
        let rule = SchemaRule(meaning, ["type": "array", "items": element.json])
        return count > 0 ? rule.adding("minItems", .integer(count)) : rule
    }

    /// A mapping with any keys.
    static func map(_ meaning: String) -> SchemaRule {
        SchemaRule(meaning, ["type": "object", "additionalProperties": anyText().json])
    }

    /// A mapping of environment variables.
    static func environment(_ meaning: String) -> SchemaRule {
        map(meaning).adding("propertyNames", ["pattern": .string(SchemaPattern.variable)])
    }

    /// A mapping with these keys alone.
    static func mapping(
        _ meaning: String? = nil, required: [String] = [], _ keys: [String: SchemaRule]
    ) -> SchemaRule {
        let rule = SchemaRule(
            meaning,
            ["type": "object", "properties": .object(keys.mapValues(\.json)), "additionalProperties": false])
        return required.isEmpty ? rule : rule.adding("required", .array(required.map { .string($0) }))
    }

    /// A key that the decoder knows and refuses.
    static let unsupported = SchemaRule("not supported yet", ["not": .object([:])])
}

/// The regular expressions of texts in more than one place; they are those of the decoders, in JavaScript's syntax.
enum SchemaPattern {
    static let name = "^[a-z0-9][a-z0-9_-]{0,62}$"
    static let variable = "^[A-Za-z_][A-Za-z0-9_]*$"
    static let absolutePath = #"^/(?!(.*/)?\.\.?(/|$))"#
    static let duration = "^[0-9]+[smh]$"
    static let size = "^[0-9]{1,6}(B|KiB|MiB|GiB|TiB)$"
}
