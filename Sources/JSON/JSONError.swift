/// Why a document is not the JSON that was expected.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, and where: a byte offset, or the path of a member.
    package let reason: String

    /// A reason worded by whoever decodes a document.
    package init(_ reason: String) { self.reason = reason }

    /// The reason as one line.
    package var description: String { reason }
}
