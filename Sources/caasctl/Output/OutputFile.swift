import ArgumentParser
import POSIX
import SystemPackage

/// The output file of an option; a folder is refused.
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
