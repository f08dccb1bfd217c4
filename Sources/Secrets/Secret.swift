/// A value that must never be printed: its description, debug description and mirror never contain it.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The value itself; the name is long so that each use stands out in a review.
    package let unredacted: String

    package init(_ value: String) { unredacted = value }

    package var description: String { "<redacted>" }
    package var debugDescription: String { description }
    /// Has no children, so that `dump` and debuggers do not show the value.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
