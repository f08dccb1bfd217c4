/// Access to members by name; each error names the member and its expected type.
extension JSONValue {
    /// Returns a required member.
    package func member(_ name: String) throws(JSONError) -> JSONValue {
        guard let members = object else { throw JSONError("an object with '\(name)' was expected") }
        guard let value = members[name], !value.isNull else { throw JSONError("'\(name)' is missing") }
        return value
    }

    /// Returns the string of a required member.
    package func text(_ name: String) throws(JSONError) -> String {
        guard let text = try member(name).string else { throw JSONError("'\(name)' is no text") }
        return text
    }

    /// Returns the string of a member that may be absent or null.
    package func optionalText(_ name: String) throws(JSONError) -> String? {
        try optional(name) { (value) throws(JSONError) in
            guard let text = value.string else { throw JSONError("'\(name)' is no text") }
            return text
        }
    }

    /// Returns the integer of a required member.
    package func whole(_ name: String) throws(JSONError) -> Int {
        guard let number = try member(name).integer else { throw JSONError("'\(name)' is no whole number") }
        return number
    }

    /// Returns the integer of a member that may be absent or null.
    package func optionalWhole(_ name: String) throws(JSONError) -> Int? {
        try optional(name) { (value) throws(JSONError) in
            guard let number = value.integer else { throw JSONError("'\(name)' is no whole number") }
            return number
        }
    }

    /// Returns the boolean of a member that may be absent or null.
    package func optionalFlag(_ name: String) throws(JSONError) -> Bool? {
        try optional(name) { (value) throws(JSONError) in
            guard let flag = value.bool else { throw JSONError("'\(name)' is neither true nor false") }
            return flag
        }
    }

    /// Returns the elements of an array member; empty where it is absent or null.
    package func list(_ name: String) throws(JSONError) -> [JSONValue] {
        try optional(name) { (value) throws(JSONError) in
            guard let elements = value.array else { throw JSONError("'\(name)' is no array") }
            return elements
        } ?? []
    }

    /// Returns the strings of an array member; empty where it is absent or null.
    package func texts(_ name: String) throws(JSONError) -> [String] {
        var texts: [String] = []
        for element in try list(name) {
            guard let text = element.string else { throw JSONError("'\(name)' holds something that is no text") }
            texts.append(text)
        }
        return texts
    }

    /// Returns the strings of an object member by name; empty where it is absent or null.
    package func textMap(_ name: String) throws(JSONError) -> [String: String] {
        guard let value = self[name], !value.isNull else { return [:] }
        guard let members = value.object else { throw JSONError("'\(name)' is no object") }
        var map: [String: String] = [:]
        for (key, value) in members {
            guard let text = value.string else { throw JSONError("'\(name).\(key)' is no text") }
            map[key] = text
        }
        return map
    }

    private func optional<Value>(
        _ name: String, _ decode: (JSONValue) throws(JSONError) -> Value
    ) throws(JSONError) -> Value? {
        guard let value = self[name], !value.isNull else { return nil }
        return try decode(value)
    }
}
