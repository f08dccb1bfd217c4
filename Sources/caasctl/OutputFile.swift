import ArgumentParser
import POSIX
import SystemPackage

/// A file that an option names to be written.
struct OutputFile: Sendable, CustomStringConvertible {
    let path: FilePath

    init(_ text: String) throws {
        guard let path = FilePath(ofFile: text) else {
            throw ValidationError("'\(text)' names a folder; name a file in it")
        }
        self.path = path
    }

    var description: String { path.string }
}
