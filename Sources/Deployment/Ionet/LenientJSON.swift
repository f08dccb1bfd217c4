import JSON

/// Reading answers whose envelope has moved before, and whose numbers may be texts.
///
/// The API's documents name the fields, but not everywhere their types: an id is a number for some hardware and a text
/// for other, and must go back as it came. <https://io.net/docs/reference/caas/get-started-with-caas-api>
extension JSONValue {
    /// What is inside `{"data": …}`, or the whole where there is no such envelope.
    var unwrapped: JSONValue {
        guard let data = self["data"], !data.isNull else { return self }
        return data
    }

    /// Every object, at any depth, that has a member of this name.
    func objects(having name: String) -> [JSONValue] {
        switch self {
        case .array(let elements): return elements.flatMap { $0.objects(having: name) }
        case .object(let members):
            if let member = members[name], !member.isNull { return [self] }
            return members.sorted { $0.key < $1.key }.flatMap { $0.value.objects(having: name) }
        default: return []
        }
    }

    /// An id, exactly as it came: a number or a text that is not empty.
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

    /// A number that may be written as a text.
    func amount(_ name: String) -> Double? {
        self[name]?.double ?? self[name]?.string.flatMap { JSONValue.number($0).double }
    }

    /// A whole number that may be written as a text.
    func count(_ name: String) -> Int? {
        self[name]?.integer ?? self[name]?.string.flatMap { Int($0) }
    }

    /// A text that is not empty.
    func word(_ name: String) -> String? {
        guard let text = self[name]?.string, !text.isEmpty else { return nil }
        return text
    }
}
