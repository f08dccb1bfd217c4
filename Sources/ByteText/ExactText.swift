/// Text that is equal to what has the same bytes, as keys and names of files are, and not to another spelling of it.
public struct ExactText: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text.
    public let text: String

    /// Text as it is.
    public init(_ text: some StringProtocol) { self.text = String(text) }

    /// Text as it is.
    public init(stringLiteral text: String) { self.text = text }

    /// The text.
    public var description: String { text }

    /// True where both are the same bytes.
    public static func == (left: ExactText, right: ExactText) -> Bool { left.text.isSame(bytes: right.text) }

    /// The order of the bytes.
    public static func < (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}
