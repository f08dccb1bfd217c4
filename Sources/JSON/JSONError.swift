/// Why a document is not the JSON that was expected.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, and where: a byte offset, or the path of a member.
    public let reason: String

    /// A reason worded by whoever decodes a document.
    public init(_ reason: String) { self.reason = reason }

    /// The reason as one line.
    public var description: String { reason }
}
