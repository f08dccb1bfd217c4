import ByteText

/// The complete files of one step on the disk.
struct LocalCheckpoint: Sendable, Hashable {
    let step: Int
    /// The step as the trainer writes it in file names.
    let stepText: String
    /// The snapshots of the files when the set was found complete, by path below the root.
    let files: [ExactText: FileSnapshot]

    var size: Int64 { files.values.reduce(0) { $0 + $1.size } }
}

/// Decides from one scan to the next which checkpoints are complete.
///
/// A set is complete when every file exists and is not empty, the size and modification time of each have not changed
/// for the rule's `settle` time, and no process has one open for writing. Each set is reported once, and again if the
/// trainer saves the step again.
struct CheckpointTracker {
    /// The files that a scan found, and its time.
    struct Scan {
        let files: [ExactText: FileSnapshot]
        let moment: ContinuousClock.Instant
        /// In nanoseconds since 1970.
        let time: Int64
    }

    /// How the stage ended, for its last scan.
    enum Ending { case success, failure }

    private let pattern: CheckpointPattern
    private var seen: [ExactText: (snapshot: FileSnapshot, since: ContinuousClock.Instant)] = [:]
    /// The files of each step when it was last reported.
    private var reported: [Int: [ExactText: FileSnapshot]]

    /// Creates a tracker that does not report the checkpoints in `known` unless they change.
    init(_ pattern: CheckpointPattern, known: [LocalCheckpoint] = []) {
        self.pattern = pattern
        reported = Dictionary(known.map { ($0.step, $0.files) }) { $1 }
    }

    /// Returns the complete sets that were not reported yet, the lowest step first.
    ///
    /// After a success the last set need not settle: the process that wrote it has ended without an error. After a
    /// failure the set counts only if it had been unchanged for `settle`: what killed the trainer may have cut the
    /// file that it was writing.
    mutating func observe(
        _ scan: Scan, ending: Ending? = nil, isOpenForWriting: ([FileSnapshot]) throws -> Bool
    ) rethrows -> [LocalCheckpoint] {
        remember(scan)
        var complete: [LocalCheckpoint] = []
        for candidate in candidates(in: scan.files) where reported[candidate.step] != candidate.files {
            let isSettled = candidate.files.allSatisfy { path, snapshot in
                hasStoodStill(path, snapshot, at: scan, ending: ending)
            }
            guard isSettled || ending == .success, try !isOpenForWriting(Array(candidate.files.values)) else {
                continue
            }
            complete.append(candidate)
        }
        // Record them only now that nothing can throw: after an error the next call must return all of them.
        for checkpoint in complete { reported[checkpoint.step] = checkpoint.files }
        return complete
    }

    private mutating func remember(_ scan: Scan) {
        seen = seen.filter { scan.files[$0.key] != nil }
        for (path, snapshot) in scan.files where seen[path]?.snapshot != snapshot {
            seen[path] = (snapshot, scan.moment)
        }
    }

    private func hasStoodStill(_ path: ExactText, _ snapshot: FileSnapshot, at scan: Scan, ending: Ending?) -> Bool {
        if let since = seen[path]?.since, scan.moment - since >= pattern.settle { return true }
        // At the end a file may have been unchanged for longer than it was observed.
        let settle = Int64(pattern.settle.components.seconds) * 1_000_000_000
        return ending == .failure && scan.time - snapshot.modified >= settle
    }

    /// Returns every step whose files all exist and are not empty, the lowest first; leaves out torn sets.
    func candidates(in files: [ExactText: FileSnapshot]) -> [LocalCheckpoint] {
        var found: [Int: LocalCheckpoint] = [:]
        for path in files.keys.sorted() {
            guard let text = pattern.step(in: path.text), let step = Int(text), found[step] == nil else { continue }
            var set: [ExactText: FileSnapshot] = [:]
            let names = pattern.files(of: text).map { ExactText($0) }
            for name in names {
                if let file = files[name], file.size > 0 { set[name] = file }
            }
            if set.count == Set(names).count { found[step] = LocalCheckpoint(step: step, stepText: text, files: set) }
        }
        return found.values.sorted { $0.step < $1.step }
    }
}
