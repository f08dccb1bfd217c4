/// Why a document is not the expected JSON.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The problem and its place: a byte offset, or the path of a member.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }

    /// The reason on one line.
    package var description: String { reason }
}
