import POSIX
import SystemPackage

/// Which files of a folder stay out of a layer: the syntax and the sense of a `.dockerignore`.
///
/// A pattern that is a file's path, or that of a folder above it, decides about the file; of several the last one does,
/// and those that begin with `!` let it in again. <https://docs.docker.com/build/concepts/context/#dockerignore-files>
struct IgnoreRules: Sendable {
    private struct Rule: Sendable {
        let pattern: IgnorePattern
        let isException: Bool
    }

    /// What the rules say of a folder, which those inside it are judged by.
    struct FolderVerdict: Sendable {
        /// Which rules are the folder's path or that of a folder above it.
        fileprivate let matched: [Bool]
        /// True where the folder stays out, though something inside may not.
        let isExcluded: Bool
    }

    private var rules: [Rule] = []
    private let hasExceptions: Bool

    /// True where there is no rule at all.
    var isEmpty: Bool { rules.isEmpty }

    /// What the rules say of the folder that they are for: nothing.
    var root: FolderVerdict { FolderVerdict(matched: rules.map { _ in false }, isExcluded: false) }

    /// Rules from patterns, in order; `place` says where they stand.
    init(_ patterns: [String], place: String = "exclude") throws(ImageBuildError) {
        try self.init(patterns.map { (place: place, pattern: Array($0.utf8)) })
    }

    /// Rules that keep out all but what fits a pattern, and what lies in a folder that fits it.
    init(allBut pattern: String, place: String) throws(ImageBuildError) {
        try self.init(["*", "!\(pattern)"], place: place)
    }

    /// Rules from the lines of a `.dockerignore` and those of `patterns` after them.
    init(parsing content: [UInt8], file: FilePath, then patterns: [String] = []) throws(ImageBuildError) {
        // An editor's byte order mark is none of the first pattern's.
        let content = content.starts(with: [0xEF, 0xBB, 0xBF]) ? content.dropFirst(3) : content[...]
        var lines: [(place: String, pattern: [UInt8])] = []
        for (index, line) in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where line.first != UInt8(ascii: "#") {
            lines.append(("\(file):\(index + 1)", Array(line)))
        }
        try self.init(lines + patterns.map { ("exclude", Array($0.utf8)) })
    }

    /// Rules from a file of that syntax and those of `patterns` after them.
    init(reading file: FilePath, then patterns: [String] = []) throws(ImageBuildError) {
        let content = try posix { () throws(POSIXError) in try FileSystem.read(file) }
        try self.init(parsing: content, file: file, then: patterns)
    }

    private init(_ patterns: [(place: String, pattern: [UInt8])]) throws(ImageBuildError) {
        for (place, line) in patterns {
            var text = Self.trimmed(line[...])
            guard !text.isEmpty else { continue }
            let isException = text.first == UInt8(ascii: "!")
            if isException { text = Self.trimmed(text.dropFirst()) }
            // One that means the folder itself is ignored, as docker does.
            let clean = Self.clean(text)
            guard clean != [UInt8(ascii: ".")] || text.isEmpty else { continue }
            guard !text.isEmpty, let pattern = IgnorePattern(clean) else {
                let shown = String(decoding: line, as: UTF8.self)
                throw ImageBuildError("use the pattern '\(shown)' of \(place)", "it is malformed")
            }
            rules.append(Rule(pattern: pattern, isException: isException))
        }
        hasExceptions = rules.contains { $0.isException }
    }

    /// True where the rules keep out a file, link or folder at this path, which is relative.
    func excludes(_ path: [UInt8]) -> Bool {
        excludes(path, in: verdict(onFolder: ContainerPath.parent(of: path)))
    }

    /// True where the rules keep out a path in a folder of which they said `verdict`.
    func excludes(_ path: [UInt8], in verdict: FolderVerdict) -> Bool {
        judge(path, in: verdict) { _ in }
    }

    /// What the rules say of a folder in another one.
    func verdict(onFolder path: [UInt8], in parent: FolderVerdict) -> FolderVerdict {
        var matched = parent.matched
        let isExcluded = judge(path, in: parent) { matched[$0] = true }
        return FolderVerdict(matched: matched, isExcluded: isExcluded)
    }

    /// The same of a folder at a whole path, the empty one for the folder that the rules are for.
    func verdict(onFolder path: [UInt8]) -> FolderVerdict {
        var verdict = root
        for end in path.indices where path[end] == ContainerPath.slash {
            verdict = self.verdict(onFolder: Array(path[..<end]), in: verdict)
        }
        return path.isEmpty ? verdict : self.verdict(onFolder: path, in: verdict)
    }

    /// The rules in their order: one that would change nothing is not asked, so that an exception for a folder that
    /// nothing keeps out lets in nothing of it that a rule keeps out. <https://github.com/moby/patternmatcher>
    private func judge(_ path: [UInt8], in parent: FolderVerdict, _ note: (Int) -> Void) -> Bool {
        var isExcluded = false
        for (index, rule) in rules.enumerated()
        where parent.matched[index] || (rule.isException == isExcluded && rule.pattern.matches(path)) {
            note(index)
            isExcluded = !rule.isException
        }
        return isExcluded
    }

    /// True where something below a folder that stays out may come in again.
    func mayIncludeBelow(_ folder: [UInt8]) -> Bool {
        hasExceptions && rules.contains { $0.isException && $0.pattern.mayMatchBelow(folder) }
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let rest = text.drop(while: isSpace)
        return rest[..<(rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex)]
    }

    /// The pattern without empty names, `.`, `..` and slashes at either end, as Go's `filepath.Clean` leaves it.
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
