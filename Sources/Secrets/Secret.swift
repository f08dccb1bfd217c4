/// A value that must never be printed: whatever shows it shows `<redacted>`.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The value itself, under a name so long that each use stands out in a review.
    package let unredacted: String

    /// Wraps a value.
    package init(_ value: String) { unredacted = value }

    /// Always `<redacted>`.
    package var description: String { "<redacted>" }
    /// Always `<redacted>`.
    package var debugDescription: String { description }
    /// Shows nothing to `dump` and to debuggers' mirrors.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
