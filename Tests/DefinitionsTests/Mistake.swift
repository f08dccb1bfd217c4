import Testing

/// A file with one mistake, and the line that is printed for it.
struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let says: String

    var testDescription: String { says }

    init(_ text: String, says: String) {
        self.text = text
        self.says = says
    }
}
