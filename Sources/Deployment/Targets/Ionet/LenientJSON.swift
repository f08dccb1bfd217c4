import JSON

/// Accessors for answers whose envelope has changed before, and whose numbers may be strings.
///
/// The API's documentation names the fields, but not all their types: an id is a number for some hardware and a string
/// for other hardware, and must be sent back exactly as it was received.
/// <https://io.net/docs/reference/caas/get-started-with-caas-api>
extension JSONValue {
    /// The content of `{"data": …}`, or the value itself where it has no such envelope.
    var unwrapped: JSONValue {
        guard let data = self["data"], !data.isNull else { return self }
        return data
    }

    /// Returns every object, at any depth, that has a member of this name.
    func objects(having name: String) -> [JSONValue] {
        switch self {
        case .array(let elements): return elements.flatMap { $0.objects(having: name) }
        case .object(let members):
            if let member = members[name], !member.isNull { return [self] }
            return members.sorted { $0.key < $1.key }.flatMap { $0.value.objects(having: name) }
        default: return []
        }
    }

    /// Returns an id, exactly as it was received: a number or a string that is not empty.
    func identifier(_ names: String...) -> JSONValue? {
        for name in names {
            switch self[name] {
            case .some(.number(let text)): return .number(text)
            case .some(.string(let text)) where !text.isEmpty: return .string(text)
            default: continue
            }
        }
        return nil
    }

    /// An id as part of a path or of a message.
    var identifierText: String {
        switch self {
        case .number(let text), .string(let text): text
        default: ""
        }
    }

    /// Returns a number that may be encoded as a string.
    func amount(_ name: String) -> Double? {
        self[name]?.double ?? self[name]?.string.flatMap { JSONValue.number($0).double }
    }

    /// Returns an integer that may be encoded as a string.
    func count(_ name: String) -> Int? {
        self[name]?.integer ?? self[name]?.string.flatMap { Int($0) }
    }

    /// Returns a string that is not empty.
    func word(_ name: String) -> String? {
        guard let text = self[name]?.string, !text.isEmpty else { return nil }
        return text
    }
}
