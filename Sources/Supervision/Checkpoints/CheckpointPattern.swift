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
    private let members: CheckpointMembers
    /// Finds the step of a file by its path, nil where a step's folder tells it.
    private let step: Mutex<Regex<AnyRegexOutput>?>
    private let isToldByFolder: Bool
    /// The folder that each step has of its own, nil where steps share a folder.
    private let folder: StepFolder?

    /// Expands a rule; a relative root is below `data`.
    init(
        _ rule: Program.CheckpointRule, data: FilePath, expand: (String) throws(SupervisionError) -> String
    ) throws(SupervisionError) {
        root = data.pushing(FilePath(try expand(rule.root)))
        settle = .seconds(rule.settle)
        every = max(1, rule.every)
        keepLocal = rule.keepLocal
        keepRemote = rule.keepRemote
        let ranks = try Self.count(rule.ranks, expand)
        var required: [CheckpointMembers.Requirement] = []
        var include: [String] = []
        var exclude: [String] = []
        for requirement in rule.complete {
            let isOfRanks = requirement.count == Program.CheckpointRule.Requirement.ranks
            required.append(
                CheckpointMembers.Requirement(
                    files: try expand(requirement.files), ranks: ranks,
                    count: isOfRanks ? ranks : try Self.count(requirement.count, expand)))
        }
        for text in rule.include { include.append(try expand(text)) }
        for text in rule.exclude { exclude.append(try expand(text)) }
        switch rule.step {
        case .file(let text):
            guard let step = try? Regex(text) else {
                throw SupervisionError(.configuration, "use the step '\(text)'", "it is no regular expression")
            }
            self.step = Mutex(step)
            isToldByFolder = false
            folder = StepFolder(of: required.flatMap(\.paths) + include)
        case .folder(let text):
            let name = try expand(text)
            guard let found = StepFolder(name) else {
                throw SupervisionError(.configuration, "use the folder '\(name)'", "its name has no {step}")
            }
            folder = found
            step = Mutex(nil)
            isToldByFolder = true
            required = required.map { $0.below(name) }
            include = (include.isEmpty ? ["**"] : include).map { "\(name)/\($0)" }
            exclude = exclude.map { "\(name)/\($0)" }
        }
        members = CheckpointMembers(required: required, included: include, excluded: exclude)
    }

    private static func count(
        _ template: String, _ expand: (String) throws(SupervisionError) -> String
    ) throws(SupervisionError) -> Int {
        let text = try expand(template)
        guard let count = Int(text), (1...65_536).contains(count) else {
            throw SupervisionError(.configuration, "use '\(template)'", "'\(text)' is no number from 1 to 65536")
        }
        return count
    }

    /// Returns the step of a file by its path below the root, as it is written; nil for a file that does not tell it.
    func step(in path: String) -> String? {
        if isToldByFolder { return folder?.step(ofFile: path) }
        return step.withLock { expression in
            guard let match = try? expression?.wholeMatch(in: path), match.output.count > 1,
                let text = match.output[1].substring, Int(text) != nil
            else { return nil }
            return String(text)
        }
    }

    /// Returns the step in a file's name, also for files of a torn set that lacks the file matching `step`.
    func memberStep(_ path: String) -> Int? {
        if let text = step(in: path) { return Int(text) }
        return members.step(of: path)
    }

    /// Returns each step of a scan with the files of its checkpoint, sorted by the step.
    ///
    /// Where saves share a file, only the last step is returned.
    func sets(in files: [ExactText: FileSnapshot]) -> [(step: String, found: CheckpointMembers.Found)] {
        var steps: [String: [ExactText: FileSnapshot]] = [:]
        for (path, file) in files {
            guard let text = step(in: path.text) else { continue }
            steps[text, default: [:]][path] = file
        }
        let sorted = steps.sorted { (Int($0.key) ?? 0, $0.key) < (Int($1.key) ?? 0, $1.key) }
        return sorted.suffix(members.isShared ? 1 : sorted.count).map { text, own in
            (text, members.files(of: text, among: isToldByFolder ? own : files))
        }
    }

    /// Returns true where files are a complete checkpoint of a step, and nothing else.
    func isComplete(_ step: String, _ files: [ExactText: FileSnapshot]) -> Bool {
        let found = members.files(of: step, among: files)
        return found.lacking == nil && !files.isEmpty && found.files == files
    }

    /// Returns how a trainer names a checkpoint on the disk: by its folder, or by the file that tells its step.
    func resumePoint(_ step: Int, _ files: some Sequence<String>) -> ResumePoint {
        for file in files.sorted() {
            guard let text = self.step(in: file), Int(text) == step else { continue }
            return ResumePoint(step: step, path: folder(of: text) ?? root.appending(file))
        }
        return ResumePoint(step: step, path: root)
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
                guard let text = folder.step(in: name.string), let step = Int(text),
                    try FileStatus(parent.appending(name)).kind == .directory
                else { continue }
                found.append((step, parent.appending(name)))
            }
            return found.sorted { $0.step < $1.step }
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return []
        }
    }
}

extension CheckpointMembers.Requirement {
    /// Replaces `{rank}` by each rank.
    fileprivate init(files: String, ranks: Int, count: Int) {
        let hasRank = files.firstRange(bytes: "{rank}") != nil
        self.init(
            pattern: files,
            paths: hasRank ? (0..<ranks).map { files.replacing(bytes: "{rank}", with: String($0)) } : [files],
            count: count)
    }

    fileprivate func below(_ folder: String) -> Self {
        Self(pattern: "\(folder)/\(pattern)", paths: paths.map { "\(folder)/\($0)" }, count: count)
    }
}
