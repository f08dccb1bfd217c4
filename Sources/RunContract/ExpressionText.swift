import JSON

/// The text of a regular expression, as far as it can be judged before Swift's Regex reads it.
package enum ExpressionText {
    /// Swift's Regex goes as deep as brackets are nested, until the stack ends.
    private static let mostBrackets = 200
    /// Beyond what anybody writes, and short enough to be read at once.
    private static let longest = 10_000

    /// False for what Regex must not be given.
    package static func isModest(_ text: String) -> Bool {
        text.utf8.count <= longest
            && text.utf8.count { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: "[") } <= mostBrackets
    }

    /// The text, which a program's JSON has for an expression.
    static func read(_ name: String, of json: JSONValue) throws -> String {
        let text = try json.text(name)
        guard isModest(text) else { throw JSONError("'\(name)' is too long for a regular expression") }
        return text
    }
}
