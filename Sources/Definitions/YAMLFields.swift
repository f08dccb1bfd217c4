import Wording

/// The fields of a mapping that has only known keys.
package struct YAMLFields {
    let value: YAMLValue
    private let fields: [String: YAMLValue]

    /// Throws on a key that is not in `known`, and suggests the most similar one.
    package init(_ value: YAMLValue, known: [String]) throws {
        self.value = value
        var fields: [String: YAMLValue] = [:]
        for entry in try value.entries() {
            guard known.contains(entry.key) else {
                let place = value.path.isEmpty ? "" : " in \(value.path)"
                throw Failure(
                    reading: entry.place,
                    "unknown key '\(entry.key)'\(place)\(Self.suggestion(for: entry.key, among: known))")
            }
            fields[entry.key] = entry.value
        }
        self.fields = fields
    }

    /// The value of a key; nil if it is missing.
    package subscript(key: String) -> YAMLValue? { fields[key] }

    /// Returns the value of a key; throws if it is missing.
    package func required(_ key: String) throws -> YAMLValue {
        guard let field = fields[key] else {
            throw value.error("'\(key)' is missing\(value.path.isEmpty ? "" : " in \(value.path)")")
        }
        return field
    }

    /// Decodes the value of a key if it is present.
    func read<Value>(_ key: String, _ body: (YAMLValue) throws -> Value) throws -> Value? {
        guard let field = fields[key] else { return nil }
        return try body(field)
    }

    package static func suggestion(for word: String, among known: [String]) -> String {
        if let nearest = EditDistance.nearest(to: word, among: known) { return "; did you mean '\(nearest)'?" }
        return known.count <= 8 ? "; known are \(known.joined(separator: ", "))" : ""
    }
}
