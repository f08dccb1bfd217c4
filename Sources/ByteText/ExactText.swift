/// Text that is compared by its bytes, as keys and file names are, rather than by Unicode equivalence.
package struct ExactText: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let text: String

    package init(_ text: some StringProtocol) { self.text = String(text) }

    package init(stringLiteral text: String) { self.text = text }

    package var description: String { text }

    /// Returns true where both have the same bytes.
    package static func == (left: ExactText, right: ExactText) -> Bool { left.text.isSame(bytes: right.text) }

    /// Compares the bytes.
    package static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Hashes the bytes.
    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}
