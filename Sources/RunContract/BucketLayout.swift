import ByteText

/// Where a run keeps what in the bucket.
///
/// Objects other than status.json are written once; a reader trusts manifests, never a listing.
package struct BucketLayout: Sendable, Hashable {
    /// Everything of the run is below it; it ends with a slash.
    package let root: String
    private let runs: String

    /// The layout of a run; `prefix` is R2_PREFIX, whose slashes at either end do not matter.
    package init(prefix: String?, run: RunID) { self.init(below: Self.runs(prefix: prefix), run: run) }

    private init(below runs: String, run: RunID) {
        self.runs = runs
        root = runs + run.description + "/"
    }

    /// The layout of another run that is kept beside this one.
    package func layout(of other: RunID) -> BucketLayout { BucketLayout(below: runs, run: other) }

    /// What the keys of all runs begin with; it is empty or ends with a slash.
    package static func runs(prefix: String?) -> String {
        let trimmed = (prefix ?? "").split(byte: "/").joined(separator: "/")
        return trimmed.isEmpty ? "" : trimmed + "/"
    }

    /// The only object that is written again and again.
    package var status: String { root + "status.json" }
    /// Written last of all.
    package var completion: String { root + "complete.json" }
    /// Where a start of the run proves that it may write.
    package func probe(instance: String) -> String { root + "probe-\(instance)" }
    /// One piece of the log, a ``LogRecord`` a line.
    package func log(attempt: Int, sequence: Int, suffix: String) -> String {
        root + "logs/\(attempt)-\(Self.padded(sequence, to: 6)).\(suffix)"
    }
    /// All pieces of the log.
    package var logs: String { root + "logs/" }
    /// All checkpoints of a stage.
    package func checkpoints(stage: String) -> String { root + "checkpoints/\(stage)/" }
    /// One checkpoint's folder, which ends with a slash; what one start saves again has a folder of its own.
    package func checkpoint(stage: String, step: Int, attempt: Int, save: Int = 1) -> String {
        checkpoints(stage: stage) + "\(step)-\(attempt)\(save > 1 ? "-\(save)" : "")/"
    }
    /// A folder's manifest, written last: beside the folder, where no file of the user's can be.
    package func manifest(of folder: String) -> String { Substring(folder.utf8.dropLast()) + Self.manifestSuffix }
    /// Where runs of earlier versions have it.
    package func formerManifest(of folder: String) -> String { folder + Self.formerManifestName }

    /// The folder whose manifest has this key, among those that lie directly below `prefix`; nil for any other object.
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
    /// What a finished stage left, restored when a resumed run skips the stage.
    package func outputs(stage: String, attempt: Int) -> String { root + "outputs/\(stage)/\(attempt)/" }
    /// All outputs of a stage.
    package func outputs(stage: String) -> String { root + "outputs/\(stage)/" }
    /// One artifact's folder.
    package func artifact(into: String, attempt: Int) -> String { root + "artifacts/\(attempt)/\(into)/" }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
