/// A JSON document or a part of one, as RFC 8259 and RFC 7493 (I-JSON) define it.
///
/// A number keeps the text it was written with, so that an id goes back to a server exactly as it came.
/// Source: <https://www.rfc-editor.org/rfc/rfc8259>.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// A whole number.
    package static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    /// A finite number; JSON has no infinity and no NaN, so those become null.
    package static func double(_ value: Double) -> JSONValue { value.isFinite ? .number(String(value)) : .null }

    /// A string, or null where there is none.
    package static func optional(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

    /// The member of an object, nil where this is no object or has no such member.
    package subscript(key: String) -> JSONValue? {
        get { object?[key] }
        set {
            var members = object ?? [:]
            members[key] = newValue
            self = .object(members)
        }
    }
}

extension JSONValue {
    /// The text of a string.
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The value of true or false.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements of an array.
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The members of an object.
    package var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
    /// A number without a fraction that fits 64 bits.
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }
    /// A number that a double can hold: `1e400` is none, as it could not be written again.
    package var double: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }
    /// True for null.
    package var isNull: Bool { self == .null }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    package init(stringLiteral value: String) { self = .string(value) }
    /// True or false.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number.
    package init(integerLiteral value: Int) { self = .integer(value) }
    /// An array.
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of members with one name the last one stays.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
