import ByteText
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

    private static func replace(_ marker: String, in text: String, by value: String) -> String {
        text.replacing(bytes: marker, with: value)
    }
}
