import ByteText
import POSIX
import RunContract
import Synchronization
import SystemPackage

/// A checkpoint rule with its variables expanded.
final class CheckpointPattern: Sendable {
    /// The folder that contains the checkpoints.
    let root: FilePath
    let settle: Duration
    let every: Int
    let keepLocal: Int?
    let keepRemote: Int?
    private let step: Mutex<Regex<AnyRegexOutput>>
    private let members: Mutex<[Regex<AnyRegexOutput>]>
    private let names: [String]
    private let ranks: Int
    /// The folder that each step has of its own, such as `checkpoint-{step}`, nil where steps share a folder.
    private let folder: StepFolder?

    /// Expands a rule; a relative root is below `data`.
    init(
        _ rule: Program.CheckpointRule, data: FilePath, expand: (String) throws(SupervisionError) -> String
    ) throws(SupervisionError) {
        root = data.pushing(FilePath(try expand(rule.root)))
        guard let step = try? Regex(rule.step) else {
            throw SupervisionError(.configuration, "use the step '\(rule.step)'", "it is no regular expression")
        }
        self.step = Mutex(step)
        var names: [String] = []
        for name in rule.complete { names.append(try expand(name)) }
        self.names = names
        folder = StepFolder(names)
        let ranks = try expand(rule.ranks)
        guard let count = Int(ranks), (1...65_536).contains(count) else {
            throw SupervisionError(.configuration, "use 'ranks: \(ranks)'", "it is no number from 1 to 65536")
        }
        self.ranks = count
        members = Mutex(names.compactMap { try? Regex(Self.expression(for: $0)) })
        settle = .seconds(rule.settle)
        every = max(1, rule.every)
        keepLocal = rule.keepLocal
        keepRemote = rule.keepRemote
    }

    /// Returns the step in a path below the root as it is written, nil if the path does not match the rule's `step`.
    func step(in path: String) -> String? {
        step.withLock { expression in
            guard let match = try? expression.wholeMatch(in: path), match.output.count > 1,
                let text = match.output[1].substring, Int(text) != nil
            else { return nil }
            return String(text)
        }
    }

    /// Returns the step in a file's name, also for files of a torn set that lacks the file matching `step`.
    func memberStep(_ path: String) -> Int? {
        if let text = step(in: path) { return Int(text) }
        return members.withLock { members in
            for expression in members {
                guard let match = try? expression.wholeMatch(in: path), match.output.count > 1 else { continue }
                if let text = match.output[1].substring { return Int(text) }
            }
            return nil
        }
    }

    /// Returns the path of a step's own folder, nil where it shares one with other steps.
    func folder(of step: String) -> FilePath? { folder.map { root.pushing($0.path(of: step)) } }

    /// Returns the steps' own folders that are on the disk, with whatever is in them.
    func stepFolders() throws(POSIXError) -> [(step: Int, path: FilePath)] {
        guard let folder else { return [] }
        let parent = root.pushing(folder.parent)
        do throws(POSIXError) {
            var found: [(step: Int, path: FilePath)] = []
            for name in try FileSystem.names(in: parent) {
                guard let step = folder.step(in: name.string), try FileStatus(parent.appending(name)).kind == .directory
                else { continue }
                found.append((step, parent.appending(name)))
            }
            return found.sorted { $0.step < $1.step }
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return []
        }
    }

    /// Converts a name of `complete` to a regular expression whose first group is the step.
    private static func expression(for name: String) -> String {
        var rest = Substring(name)
        var text = ""
        while let scalar = rest.unicodeScalars.first {
            if rest.hasPrefix(bytes: "{step}") {
                text += "(\\d+)"
                rest = Substring(rest.utf8.dropFirst(6))
            } else if rest.hasPrefix(bytes: "{rank}") {
                text += "\\d+"
                rest = Substring(rest.utf8.dropFirst(6))
            } else {
                if "\\^$.|?*+()[]{}".unicodeScalars.contains(scalar) { text += "\\" }
                text.unicodeScalars.append(scalar)
                rest = Substring(rest.unicodeScalars.dropFirst())
            }
        }
        return text
    }

    /// Returns the paths below the root of all files of a complete checkpoint of this step.
    func files(of step: String) -> [String] {
        names.flatMap { name in
            let filled = Self.replace("{step}", in: name, by: step)
            guard filled.firstRange(bytes: "{rank}") != nil else { return [filled] }
            return (0..<ranks).map { Self.replace("{rank}", in: filled, by: String($0)) }
        }
    }

    fileprivate static func replace(_ marker: String, in text: String, by value: String) -> String {
        text.replacing(bytes: marker, with: value)
    }
}

/// The folder of one step, where every file of its checkpoint is below it.
private struct StepFolder: Sendable {
    /// The folder's name as the rule writes it, such as `checkpoint-{step}`.
    private let name: String
    /// The path of the folders' common parent, below the rule's root.
    let parent: FilePath

    /// Returns nil where a file's own name has the step, or where files of one step are in different folders.
    init?(_ names: [String]) {
        var places: Set<[String]> = []
        for name in names {
            let parts = name.split(byte: "/").map(String.init)
            guard let index = parts.firstIndex(where: { $0.firstRange(bytes: "{step}") != nil }),
                index < parts.count - 1
            else { return nil }
            places.insert(Array(parts[...index]))
        }
        guard places.count == 1, let place = places.first, let name = place.last,
            place.allSatisfy({ $0.firstRange(bytes: "{rank}") == nil })
        else { return nil }
        self.name = name
        parent = FilePath(place.dropLast().joined(separator: "/"))
    }

    func path(of step: String) -> FilePath {
        parent.appending(CheckpointPattern.replace("{step}", in: name, by: step))
    }

    /// Returns the step of a folder with this name, nil for another folder.
    func step(in other: String) -> Int? {
        guard let marker = name.firstRange(bytes: "{step}") else { return nil }
        let before = name[..<marker.lowerBound].utf8.count
        let digits = other.utf8.dropFirst(before).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let text = String(decoding: digits, as: UTF8.self)
        return CheckpointPattern.replace("{step}", in: name, by: text).isSame(bytes: other) ? Int(text) : nil
    }
}
