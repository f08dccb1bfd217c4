import Hashing
import POSIX
import SystemPackage
import Wording

/// The options in a requirements file, such as the package indexes.
///
/// Source: <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.
struct RequirementsFile {
    private static let withValue = ["-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host"]
    private static let withFile = ["-r", "--requirement", "-c", "--constraint"]
    private static let alone = ["--no-index", "--pre", "--prefer-binary", "--require-hashes"]
    private static let longestInclusion = 16

    /// Lines of options, with absolute paths.
    private(set) var options: [String] = []
    private var contents: [[UInt8]] = []
    /// A SHA-256 over the file and the files that it includes.
    var digest: String { SHA256.hash(contents.flatMap { SHA256.hash($0) }).hexadecimal }
    /// The folder that relative paths start from.
    let folder: FilePath

    init(reading file: FilePath) throws {
        folder = file.removingLastComponent().isEmpty ? "." : file.removingLastComponent()
        try read(file, depth: 0)
    }

    private mutating func read(_ file: FilePath, depth: Int) throws {
        guard depth < Self.longestInclusion else {
            throw Failure("read \(file)", "its requirements include each other")
        }
        let content = try FileSystem.read(file, limit: 16 << 20)
        contents.append(content)
        let text = String(decoding: content, as: UTF8.self).replacing("\\\n", with: " ")
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.prefix(upTo: Self.comment(in: line))
            try Self.check(line, in: file)
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "=" }).map(String.init)
            guard let first = words.first else { continue }
            if first == "--no-index" || first == "--pre" { options.append(first) }
            guard words.count >= 2 else { continue }
            // Only the first "=" can separate an option from its value; a URL may contain others.
            let value = line.drop { $0 != " " && $0 != "=" && $0 != "\t" }.drop { [" ", "=", "\t"].contains($0) }
            let trimmed = String(value.prefix { $0 != " " && $0 != "\t" })
            if Self.withFile.contains(first) {
                try read(file.removingLastComponent().pushing(FilePath(trimmed)), depth: depth + 1)
            } else if Self.withValue.contains(first) {
                options.append("\(first) \(absolute(trimmed, first, in: file))")
            }
        }
    }

    private static func comment(in line: Substring) -> Substring.Index {
        var isStart = true
        for index in line.indices {
            if isStart && line[index] == "#" { return index }
            isStart = line[index] == " " || line[index] == "\t"
        }
        return line.endIndex
    }

    /// Throws for everything except package names and known options.
    ///
    /// Building a package from a path or URL would run its author's code with the rights of the user who builds the
    /// image.
    private static func check(_ line: Substring, in file: FilePath) throws {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard let first = words.first else { return }
        func refuse(_ what: String, _ mend: String) -> Failure {
            Failure("use '\(what)' of \(file)", mend)
        }
        for word in words where word.hasPrefix("-") {
            let name = String(word.prefix { $0 != "=" })
            if name == "-e" || name == "--editable" || name.hasPrefix("-e") {
                throw refuse(
                    String(line),
                    "an editable package runs its code where the image is built; copy it by a 'files' layer")
            }
            guard withValue.contains(name) || withFile.contains(name) || alone.contains(name) || name == "--hash" else {
                let known = (withValue + withFile + alone).joined(separator: ", ")
                throw refuse(name, "it is not taken; known are \(known)")
            }
        }
        guard !first.hasPrefix("-") else { return }
        let requirement = line.prefix { $0 != ";" }
        let isFile = [".whl", ".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"].contains { first.hasSuffix($0) }
        guard !isFile, !requirement.contains(where: { "@/\\".contains($0) }), !first.hasPrefix(".") else {
            throw refuse(
                String(requirement),
                "a package is named by its name and version; put its wheel into a folder for --find-links, or build it first: "
                    + "pip wheel")
        }
    }

    private func absolute(_ value: String, _ option: String, in file: FilePath) -> String {
        guard ["-f", "--find-links"].contains(option), !value.contains("://") else { return value }
        let path = file.removingLastComponent().pushing(FilePath(value))
        return ((try? FileSystem.realPath(path)) ?? path).string
    }
}
