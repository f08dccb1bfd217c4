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
    /// What steps lack whose files stand still although they are not complete, by the step as it is written.
    private(set) var torn: [String: String] = [:]

    /// How many files were new or changed in all scans.
    private(set) var changes = 0

    /// True if a checkpoint was found.
    var hasFound: Bool { !reported.isEmpty }

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
        let sets = pattern.sets(in: scan.files)
        noteTorn(sets, at: scan, ending)
        var complete: [LocalCheckpoint] = []
        for candidate in Self.candidates(in: sets) where reported[candidate.step] != candidate.files {
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
            changes += 1
        }
    }

    /// A trainer that is about to complete a set writes into it.
    private mutating func noteTorn(
        _ sets: [(step: String, found: CheckpointMembers.Found)], at scan: Scan, _ ending: Ending?
    ) {
        torn = [:]
        let patience = max(.seconds(60), pattern.settle * 3)
        for (step, found) in sets {
            guard let lacking = found.lacking else { continue }
            let isStill = found.files.keys.allSatisfy { path in
                seen[path].map { scan.moment - $0.since >= patience } ?? false
            }
            if isStill || ending != nil { torn[step] = lacking }
        }
    }

    private func hasStoodStill(_ path: ExactText, _ snapshot: FileSnapshot, at scan: Scan, ending: Ending?) -> Bool {
        if let since = seen[path]?.since, scan.moment - since >= pattern.settle { return true }
        // At the end a file may have been unchanged for longer than it was observed.
        let settle = Int64(pattern.settle.components.seconds) * 1_000_000_000
        return ending == .failure && scan.time - snapshot.modified >= settle
    }

    /// Returns every step whose checkpoint is complete, the lowest first; leaves out torn sets.
    func candidates(in files: [ExactText: FileSnapshot]) -> [LocalCheckpoint] {
        Self.candidates(in: pattern.sets(in: files))
    }

    private static func candidates(
        in sets: [(step: String, found: CheckpointMembers.Found)]
    ) -> [LocalCheckpoint] {
        var complete: [Int: LocalCheckpoint] = [:]
        for (text, found) in sets where found.lacking == nil {
            guard let step = Int(text), complete[step] == nil else { continue }
            complete[step] = LocalCheckpoint(step: step, stepText: text, files: found.files)
        }
        return complete.values.sorted { $0.step < $1.step }
    }
}
