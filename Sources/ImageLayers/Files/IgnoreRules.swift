import POSIX
package import SystemPackage
import Wording

/// The rules that exclude files of a folder, with the syntax and meaning of a `.dockerignore`.
///
/// A pattern applies to a file if it matches the file's path or the path of a folder above it. The last pattern that
/// applies decides, and a pattern that begins with `!` includes the file again.
/// <https://docs.docker.com/build/concepts/context/#dockerignore-files>
package struct IgnoreRules: Sendable {
    private struct Rule: Sendable {
        let pattern: IgnorePattern
        let isException: Bool
    }

    /// The verdict of the rules on a folder, from which the verdicts on its content follow.
    package struct FolderVerdict: Sendable {
        /// For each rule, whether it matches the folder or a folder above it.
        fileprivate let matched: [Bool]
        /// Whether the folder itself is excluded; files in it may still be included.
        package let isExcluded: Bool
    }

    private var rules: [Rule] = []
    private let hasExceptions: Bool

    /// Whether there are no rules.
    package var isEmpty: Bool { rules.isEmpty }

    /// The verdict on the folder that the rules belong to, which no rule matches.
    package var root: FolderVerdict { FolderVerdict(matched: rules.map { _ in false }, isExcluded: false) }

    /// Parses patterns, in order; `place` names their origin in error messages.
    package init(_ patterns: [String], place: String = "exclude") throws {
        try self.init(patterns.map { (place: place, pattern: Array($0.utf8)) })
    }

    /// Creates rules that exclude everything except what matches a pattern, or is in a folder that matches it.
    package init(allBut pattern: String, place: String) throws {
        try self.init(["*", "!\(pattern)"], place: place)
    }

    /// Parses the lines of a `.dockerignore`, followed by `patterns`.
    init(parsing content: [UInt8], file: FilePath, then patterns: [String] = []) throws {
        // An editor's byte order mark is not part of the first pattern.
        let content = content.starts(with: [0xEF, 0xBB, 0xBF]) ? content.dropFirst(3) : content[...]
        var lines: [(place: String, pattern: [UInt8])] = []
        for (index, line) in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where line.first != UInt8(ascii: "#") {
            lines.append(("\(file):\(index + 1)", Array(line)))
        }
        try self.init(lines + patterns.map { ("exclude", Array($0.utf8)) })
    }

    /// Reads a file in the syntax of a `.dockerignore`, followed by `patterns`.
    package init(reading file: FilePath, then patterns: [String] = []) throws {
        let content = try FileSystem.read(file)
        try self.init(parsing: content, file: file, then: patterns)
    }

    private init(_ patterns: [(place: String, pattern: [UInt8])]) throws {
        for (place, line) in patterns {
            var text = Self.trimmed(line[...])
            guard !text.isEmpty else { continue }
            let isException = text.first == UInt8(ascii: "!")
            if isException { text = Self.trimmed(text.dropFirst()) }
            // A pattern for the folder itself is ignored, as in docker.
            let clean = Self.clean(text)
            guard clean != [UInt8(ascii: ".")] || text.isEmpty else { continue }
            guard !text.isEmpty, let pattern = IgnorePattern(clean) else {
                let shown = String(decoding: line, as: UTF8.self)
                throw Failure("use the pattern '\(shown)' of \(place)", "it is malformed")
            }
            rules.append(Rule(pattern: pattern, isException: isException))
        }
        hasExceptions = rules.contains { $0.isException }
    }

    /// Returns whether the rules exclude a file, link or folder at a relative path.
    package func excludes(_ path: [UInt8]) -> Bool {
        excludes(path, in: verdict(onFolder: ContainerPath.parent(of: path)))
    }

    /// Returns whether the rules exclude a path in a folder with the given verdict.
    package func excludes(_ path: [UInt8], in verdict: FolderVerdict) -> Bool {
        judge(path, in: verdict) { _ in }
    }

    /// Returns the verdict on a folder inside another one.
    package func verdict(onFolder path: [UInt8], in parent: FolderVerdict) -> FolderVerdict {
        var matched = parent.matched
        let isExcluded = judge(path, in: parent) { matched[$0] = true }
        return FolderVerdict(matched: matched, isExcluded: isExcluded)
    }

    /// Returns the verdict on a folder at a full path, which is empty for the folder that the rules belong to.
    package func verdict(onFolder path: [UInt8]) -> FolderVerdict {
        var verdict = root
        for end in path.indices where path[end] == ContainerPath.slash {
            verdict = self.verdict(onFolder: Array(path[..<end]), in: verdict)
        }
        return path.isEmpty ? verdict : self.verdict(onFolder: path, in: verdict)
    }

    /// Applies the rules in order, and calls `note` with the index of each rule that changes the verdict.
    ///
    /// A rule that would not change the verdict is not matched. Therefore an exception for a folder that is not
    /// excluded does not include files in it that another rule excludes.
    /// <https://github.com/moby/patternmatcher>
    private func judge(_ path: [UInt8], in parent: FolderVerdict, _ note: (Int) -> Void) -> Bool {
        var isExcluded = false
        for (index, rule) in rules.enumerated()
        where parent.matched[index] || (rule.isException == isExcluded && rule.pattern.matches(path)) {
            note(index)
            isExcluded = !rule.isException
        }
        return isExcluded
    }

    /// Returns whether something below an excluded folder may be included again.
    package func mayIncludeBelow(_ folder: [UInt8]) -> Bool {
        hasExceptions && rules.contains { $0.isException && $0.pattern.mayMatchBelow(folder) }
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let rest = text.drop(while: isSpace)
        return rest[..<(rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex)]
    }

    /// Removes empty names, `.`, `..` and slashes at either end, as Go's `filepath.Clean` does.
    private static func clean(_ pattern: ArraySlice<UInt8>) -> [UInt8] {
        var names: [ArraySlice<UInt8>] = []
        let isAbsolute = pattern.first == UInt8(ascii: "/")
        for name in pattern.split(separator: UInt8(ascii: "/")) where name != Array(".".utf8)[...] {
            guard name == Array("..".utf8)[...] else {
                names.append(name)
                continue
            }
            if let last = names.last, last != name { names.removeLast() } else if !isAbsolute { names.append(name) }
        }
        return names.isEmpty ? [UInt8(ascii: ".")] : Array(names.joined(separator: [UInt8(ascii: "/")]))
    }
}
