/// Text that is equal to what has the same bytes, as keys and names of files are, and not to another spelling of it.
package struct ExactText: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text.
    package let text: String

    /// Text as it is.
    package init(_ text: some StringProtocol) { self.text = String(text) }

    /// Text as it is.
    package init(stringLiteral text: String) { self.text = text }

    /// The text.
    package var description: String { text }

    /// True where both are the same bytes.
    package static func == (left: ExactText, right: ExactText) -> Bool { left.text.isSame(bytes: right.text) }

    /// The order of the bytes.
    package static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Hashes the bytes.
    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}
