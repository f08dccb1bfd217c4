import SystemPackage

/// Why an archive could not be written or read.
package struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
    private let action: String
    private let reason: String

    /// What could not be done with what, and why.
    package init(_ action: String, _ reason: String) {
        self.action = action
        self.reason = reason
    }

    /// A file that could not be read or written.
    init(_ action: String, _ path: FilePath, _ errno: Errno) { self.init("\(action) \(path)", "\(errno)") }

    /// An entry's content that was longer or shorter than its file said: the file changed, and nothing else is wrong.
    package static func changed(_ entry: ArchiveEntry) -> ArchiveError {
        ArchiveError("write \(entry.name) to a layer", "its content changed while it was read")
    }

    /// `cannot <do> <thing>: <reason>`.
    package var description: String { "cannot \(action): \(reason)" }
}
