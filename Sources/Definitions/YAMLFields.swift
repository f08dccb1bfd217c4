import Spelling

/// The keys of a mapping, each of them known.
struct YAMLFields {
    let value: YAMLValue
    private let fields: [String: YAMLValue]

    /// Refuses a key that is not in `known`, and names the one that was probably meant.
    init(_ value: YAMLValue, known: [String]) throws(DefinitionError) {
        self.value = value
        var fields: [String: YAMLValue] = [:]
        for entry in try value.entries() {
            guard known.contains(entry.key) else {
                let place = value.path.isEmpty ? "" : " in \(value.path)"
                throw DefinitionError(
                    entry.place, "unknown key '\(entry.key)'\(place)\(Self.suggestion(for: entry.key, among: known))")
            }
            fields[entry.key] = entry.value
        }
        self.fields = fields
    }

    /// The value of a key, nil where it is not there.
    subscript(key: String) -> YAMLValue? { fields[key] }

    /// The value of a key that must be there.
    func required(_ key: String) throws(DefinitionError) -> YAMLValue {
        guard let field = fields[key] else {
            throw value.error("'\(key)' is missing\(value.path.isEmpty ? "" : " in \(value.path)")")
        }
        return field
    }

    /// Reads the value of a key where it is there.
    func read<Value>(
        _ key: String, _ body: (YAMLValue) throws(DefinitionError) -> Value
    ) throws(DefinitionError) -> Value? {
        guard let field = fields[key] else { return nil }
        return try body(field)
    }

    static func suggestion(for word: String, among known: [String]) -> String {
        if let nearest = EditDistance.nearest(to: word, among: known) { return "; did you mean '\(nearest)'?" }
        return known.count <= 8 ? "; known are \(known.joined(separator: ", "))" : ""
    }
}
