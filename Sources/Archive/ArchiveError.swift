import SystemPackage

/// Why an archive could not be written or read.
package struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    private let reason: String

    /// Creates an error from the action with its object, and the reason.
    package init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// Creates an error for a file that could not be read or written.
    init(_ action: String, _ path: FilePath, _ errno: Errno) { self.init("\(action) \(path)", "\(errno)") }

    /// Returns the error for content longer or shorter than the entry's size: the file changed while it was read.
    package static func changed(_ entry: ArchiveEntry) -> ArchiveError {
        ArchiveError("write \(entry.name) to a layer", "its content changed while it was read")
    }

    /// For example `cannot write a to a layer: its content changed while it was read`.
    package var description: String { "cannot \(action): \(reason)" }
}
