/// A value that must never be printed: whatever shows it shows `<redacted>`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The value itself, under a name so long that each use stands out in a review.
    public let unredacted: String

    /// Wraps a value.
    public init(_ value: String) { unredacted = value }

    /// Always `<redacted>`.
    public var description: String { "<redacted>" }
    /// Always `<redacted>`.
    public var debugDescription: String { description }
    /// Shows nothing to `dump` and to debuggers' mirrors.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
