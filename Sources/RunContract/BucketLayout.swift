/// Where a run keeps what in the bucket.
///
/// Objects other than status.json are written once; a reader trusts manifests, never a listing.
public struct BucketLayout: Sendable, Hashable {
    /// Everything of the run is below it; it ends with a slash.
    public let root: String

    /// The layout of a run; `prefix` is R2_PREFIX, whose slashes at either end do not matter.
    public init(prefix: String?, run: RunID) { root = Self.runs(prefix: prefix) + run.description + "/" }

    /// What the keys of all runs begin with; it is empty or ends with a slash.
    public static func runs(prefix: String?) -> String {
        let trimmed = (prefix ?? "").split(separator: "/").joined(separator: "/")
        return trimmed.isEmpty ? "" : trimmed + "/"
    }

    /// The only object that is written again and again.
    public var status: String { root + "status.json" }
    /// Written last of all.
    public var completion: String { root + "complete.json" }
    /// Where a start of the run proves that it may write.
    public func probe(instance: String) -> String { root + "probe-\(instance)" }
    /// One piece of the log, a ``LogRecord`` a line.
    public func log(attempt: Int, sequence: Int, suffix: String) -> String {
        root + "logs/\(attempt)-\(Self.padded(sequence, to: 6)).\(suffix)"
    }
    /// All pieces of the log.
    public var logs: String { root + "logs/" }
    /// All checkpoints of a stage.
    public func checkpoints(stage: String) -> String { root + "checkpoints/\(stage)/" }
    /// One checkpoint's folder; it ends with a slash.
    public func checkpoint(stage: String, step: Int, attempt: Int) -> String {
        checkpoints(stage: stage) + "\(step)-\(attempt)/"
    }
    /// A folder's manifest, written last.
    public func manifest(in folder: String) -> String { folder + "manifest.json" }
    /// What a finished stage left, restored when a resumed run skips the stage.
    public func outputs(stage: String, attempt: Int) -> String { root + "outputs/\(stage)/\(attempt)/" }
    /// All outputs of a stage.
    public func outputs(stage: String) -> String { root + "outputs/\(stage)/" }
    /// One artifact's folder.
    public func artifact(into: String, attempt: Int) -> String { root + "artifacts/\(attempt)/\(into)/" }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
