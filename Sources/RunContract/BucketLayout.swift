import ByteText

/// The keys of a run's objects in the bucket.
///
/// All objects except status.json are written once. A reader trusts manifests, never a listing.
package struct BucketLayout: Sendable, Hashable {
    /// The prefix of all keys of the run; ends with a slash.
    package let root: String
    private let runs: String

    /// Creates the layout of a run; `prefix` is R2_PREFIX, whose leading and trailing slashes are ignored.
    package init(prefix: String?, run: RunID) { self.init(below: Self.runs(prefix: prefix), run: run) }

    private init(below runs: String, run: RunID) {
        self.runs = runs
        root = runs + run.description + "/"
    }

    /// Returns the layout of another run below the same prefix.
    package func layout(of other: RunID) -> BucketLayout { BucketLayout(below: runs, run: other) }

    /// Returns the prefix of the keys of all runs, which is empty or ends with a slash.
    package static func runs(prefix: String?) -> String {
        let trimmed = (prefix ?? "").split(byte: "/").joined(separator: "/")
        return trimmed.isEmpty ? "" : trimmed + "/"
    }

    /// The only object that is overwritten repeatedly.
    package var status: String { root + "status.json" }
    /// The object that is written last.
    package var completion: String { root + "complete.json" }
    /// The key that an attempt writes to prove that it has write access.
    package func probe(instance: String) -> String { root + "probe-\(instance)" }
    /// The key of one piece of the log, which holds one ``LogRecord`` per line.
    package func log(attempt: Int, sequence: Int, suffix: String) -> String {
        root + "logs/\(attempt)-\(Self.padded(sequence, to: 6)).\(suffix)"
    }
    /// The prefix of all pieces of the log.
    package var logs: String { root + "logs/" }
    /// The prefix of all checkpoints of a stage.
    package func checkpoints(stage: String) -> String { root + "checkpoints/\(stage)/" }
    /// The prefix of one checkpoint, with a trailing slash.
    ///
    /// If one attempt saves the same step again, each save has a prefix of its own.
    package func checkpoint(stage: String, step: Int, attempt: Int, save: Int = 1) -> String {
        checkpoints(stage: stage) + "\(step)-\(attempt)\(save > 1 ? "-\(save)" : "")/"
    }
    /// The key of a folder's manifest, which is written last.
    ///
    /// It is beside the folder, where it cannot collide with a file of the user.
    package func manifest(of folder: String) -> String { Substring(folder.utf8.dropLast()) + Self.manifestSuffix }
    /// The key of a folder's manifest in runs of earlier versions, inside the folder.
    package func formerManifest(of folder: String) -> String { folder + Self.formerManifestName }

    /// Returns the folder directly below `prefix` whose manifest has this key, nil for any other object.
    package func folder(ofManifest key: String, below prefix: String) -> (folder: String, isFormer: Bool)? {
        guard key.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = Substring(key.utf8.dropFirst(prefix.utf8.count))
        let names = rest.split(byte: "/", omittingEmptySubsequences: false)
        if names.count == 1, rest.hasSuffix(bytes: Self.manifestSuffix),
            rest.utf8.count > Self.manifestSuffix.utf8.count
        {
            return (prefix + Substring(rest.utf8.dropLast(Self.manifestSuffix.utf8.count)) + "/", false)
        }
        if names.count == 2, names[1] == Self.formerManifestName { return (prefix + names[0] + "/", true) }
        return nil
    }

    private static let manifestSuffix = ".manifest.json"
    private static let formerManifestName = "manifest.json"
    /// The prefix of a finished stage's outputs, which are restored when a resumed run skips the stage.
    package func outputs(stage: String, attempt: Int) -> String { root + "outputs/\(stage)/\(attempt)/" }
    /// The prefix of all outputs of a stage.
    package func outputs(stage: String) -> String { root + "outputs/\(stage)/" }
    /// The prefix of one artifact.
    package func artifact(into: String, attempt: Int) -> String { root + "artifacts/\(attempt)/\(into)/" }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
