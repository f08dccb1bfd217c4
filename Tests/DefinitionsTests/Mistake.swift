import Testing

/// A file with one mistake, and the expected error.
struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let says: String

    var testDescription: String { says }

    init(_ text: String, says: String) {
        self.text = text
        self.says = says
    }
}
