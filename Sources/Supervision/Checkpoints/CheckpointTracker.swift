import ByteText

/// The files of one step that are all there.
struct LocalCheckpoint: Sendable, Hashable {
    let step: Int
    /// The step as the trainer wrote it.
    let stepText: String
    /// What each file was when the set was found complete, by path below the root.
    let files: [ExactText: FileSnapshot]

    var size: Int64 { files.values.reduce(0) { $0 + $1.size } }
}

/// Decides from one scan to the next which checkpoints are complete.
///
/// A set is complete when every name is there and not empty, size and time of each stood still for the rule's time, and
/// nobody has one open for writing. Each is reported once, and again where the trainer has saved the step again since.
struct CheckpointTracker {
    /// What the scanner saw, and when.
    struct Scan {
        let files: [ExactText: FileSnapshot]
        let moment: ContinuousClock.Instant
        /// Nanoseconds since 1970.
        let time: Int64
    }

    /// How the stage ended, for its last scan.
    enum Ending { case success, failure }

    private let pattern: CheckpointPattern
    private var seen: [ExactText: (snapshot: FileSnapshot, since: ContinuousClock.Instant)] = [:]
    /// The files of each step as they were reported last.
    private var reported: [Int: [ExactText: FileSnapshot]]

    /// A tracker that does not report what is `known`, as long as that stays as it is.
    init(_ pattern: CheckpointPattern, known: [LocalCheckpoint] = []) {
        self.pattern = pattern
        reported = Dictionary(known.map { ($0.step, $0.files) }) { $1 }
    }

    /// The complete sets that were not reported yet, the lowest step first.
    ///
    /// After a success the last set needs no settling, since whoever wrote it is gone and was content. After a failure it
    /// counts only if it had stood still before: what killed the trainer may have cut the file that it was writing.
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
        // Only once nothing can fail any more: who is told of none must be told of all later.
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
        // At the end a file may have stood still for longer than we looked at it.
        let settle = Int64(pattern.settle.components.seconds) * 1_000_000_000
        return ending == .failure && scan.time - snapshot.modified >= settle
    }

    /// Every step of which all names are there and not empty, torn ones left out, the lowest first.
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
