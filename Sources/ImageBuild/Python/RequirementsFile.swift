import Hashing
import POSIX
import SystemPackage

/// What a requirements file says beside the requirements: where packages are looked for.
///
/// Source: <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.
struct RequirementsFile {
    private static let withValue = ["-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host"]
    private static let longestInclusion = 16

    /// Lines of options, in which paths are absolute.
    private(set) var options: [String] = []
    private var contents: [[UInt8]] = []
    /// SHA-256 of what it says, with what it includes.
    var digest: String { SHA256.hash(contents.flatMap { SHA256.hash($0) }).hexadecimal }
    /// The folder that its paths start from.
    let folder: FilePath

    init(reading file: FilePath) throws(ImageBuildError) {
        folder = file.removingLastComponent().isEmpty ? "." : file.removingLastComponent()
        try read(file, depth: 0)
    }

    private mutating func read(_ file: FilePath, depth: Int) throws(ImageBuildError) {
        guard depth < Self.longestInclusion else {
            throw ImageBuildError("read \(file)", "its requirements include each other")
        }
        let content = try posix { () throws(POSIXError) in try FileSystem.read(file, limit: 16 << 20) }
        contents.append(content)
        let text = String(decoding: content, as: UTF8.self).replacing("\\\n", with: " ")
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "=" }).map(String.init)
            guard let first = words.first else { continue }
            if first == "--no-index" || first == "--pre" { options.append(first) }
            guard words.count >= 2 else { continue }
            // Only the first "=" can be one after an option; an address may have others.
            let value = line.drop { $0 != " " && $0 != "=" && $0 != "\t" }.drop { [" ", "=", "\t"].contains($0) }
            let trimmed = String(value.prefix { $0 != " " && $0 != "\t" })
            if first == "-r" || first == "--requirement" {
                try read(file.removingLastComponent().pushing(FilePath(trimmed)), depth: depth + 1)
            } else if Self.withValue.contains(first) {
                options.append("\(first) \(absolute(trimmed, first, in: file))")
            }
        }
    }

    private func absolute(_ value: String, _ option: String, in file: FilePath) -> String {
        guard ["-f", "--find-links"].contains(option), !value.contains("://") else { return value }
        let path = file.removingLastComponent().pushing(FilePath(value))
        return ((try? FileSystem.realPath(path)) ?? path).string
    }
}
