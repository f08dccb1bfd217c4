import ByteText
import RunContract
import Synchronization

/// Tells which files form the checkpoint of a step; all paths are below the rule's root.
final class CheckpointMembers: Sendable {
    /// Files without which a checkpoint is not complete.
    struct Requirement: Sendable {
        /// The files as the rule writes them, with `{step}` and `{rank}`.
        let pattern: String
        /// The same with each rank in place of `{rank}`.
        let paths: [String]
        /// The least number of files that each path must match.
        let count: Int
    }

    /// The files of one step.
    struct Found {
        var files: [ExactText: FileSnapshot] = [:]
        /// The first requirement that they do not meet, nil where the checkpoint is complete.
        var lacking: String?
    }

    private let required: [Requirement]
    private let included: [String]
    /// The paths without `{step}`: files that each save writes anew.
    private let shared: [GlobPattern]
    private let excluded: [String]
    /// Regular expressions of the paths, whose first group is the step.
    private let expressions: Mutex<[Regex<AnyRegexOutput>]>

    init(required: [Requirement], included: [String], excluded: [String]) {
        self.required = required
        self.included = included
        self.excluded = excluded
        let paths = required.map(\.pattern) + included
        shared = paths.filter { $0.firstRange(bytes: "{step}") == nil }.map(GlobPattern.init)
        expressions = Mutex(
            paths.filter { $0.firstRange(bytes: "{step}") != nil }.compactMap { try? Regex(Self.expression(for: $0)) })
    }

    /// True if each save overwrites a file of the one before, so that only the newest step can be complete.
    var isShared: Bool { !shared.isEmpty }

    /// Returns the files of a step among those of a scan.
    ///
    /// A file that the rule asks for and that is empty was torn, for example by a full disk.
    func files(of step: String, among files: [ExactText: FileSnapshot]) -> Found {
        let excluded = excluded.map { GlobPattern(Self.filled($0, step)) }
        let files = excluded.isEmpty ? files : files.filter { !Self.matches($0.key, excluded) }
        var found = Found()
        for requirement in required {
            for path in requirement.paths {
                let matches = matches(of: path, step, among: files)
                found.files.merge(matches) { $1 }
                let isMet = matches.count >= requirement.count && matches.values.allSatisfy { $0.size > 0 }
                if !isMet, found.lacking == nil {
                    let name = Self.filled(path, step)
                    found.lacking = requirement.count > 1 ? "\(requirement.count) of \(name)" : name
                }
            }
        }
        for path in included { found.files.merge(matches(of: path, step, among: files)) { $1 } }
        if found.lacking == nil { found.lacking = stale(found.files) }
        return found
    }

    /// Returns a shared file that is of an earlier save, since it is older than the files of the step.
    private func stale(_ files: [ExactText: FileSnapshot]) -> String? {
        guard isShared else { return nil }
        let common = files.filter { Self.matches($0.key, shared) }
        let newest = files.filter { common[$0.key] == nil }.values.map(\.modified).max() ?? .min
        return common.sorted { $0.key < $1.key }.first { $0.value.modified < newest }?.key.text
    }

    private func matches(
        of path: String, _ step: String, among files: [ExactText: FileSnapshot]
    ) -> [ExactText: FileSnapshot] {
        let path = Self.filled(path, step)
        if !path.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) {
            let name = ExactText(path)
            if let file = files[name] { return [name: file] }
        }
        let pattern = [GlobPattern(path)]
        return files.filter { Self.matches($0.key, pattern) }
    }

    private static func matches(_ file: ExactText, _ patterns: [GlobPattern]) -> Bool {
        guard let path = RelativePath(file.text) else { return false }
        return patterns.contains { $0.matches(path) }
    }

    private static func filled(_ path: String, _ step: String) -> String {
        path.replacing(bytes: "{step}", with: step)
    }

    /// Returns the step in the path of a file that belongs to a checkpoint, also of one that is not complete.
    func step(of path: String) -> Int? {
        expressions.withLock { expressions in
            for expression in expressions {
                guard let match = try? expression.wholeMatch(in: path), match.output.count > 1 else { continue }
                if let text = match.output[1].substring { return Int(text) }
            }
            return nil
        }
    }

    /// Converts a path of a rule to a regular expression.
    private static func expression(for path: String) -> String {
        let markers = [
            ("{step}", "(\\d+)"), ("{rank}", "\\d+"), ("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]"),
        ]
        var rest = Substring(path)
        var text = ""
        while let scalar = rest.unicodeScalars.first {
            if let marker = markers.first(where: { rest.hasPrefix(bytes: $0.0) }) {
                text += marker.1
                rest = Substring(rest.utf8.dropFirst(marker.0.utf8.count))
                continue
            }
            if "\\^$.|+()[]{}".unicodeScalars.contains(scalar) { text += "\\" }
            text.unicodeScalars.append(scalar)
            rest = Substring(rest.unicodeScalars.dropFirst())
        }
        return text
    }
}
