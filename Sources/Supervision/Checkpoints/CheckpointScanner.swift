import POSIX
import RunContract
import SystemPackage

/// Scans a stage's checkpoint folder every second and passes complete checkpoints to the uploader.
actor CheckpointScanner {
    private let pattern: CheckpointPattern
    private let stage: String
    private let uploader: CheckpointUploader
    private let losses: LossWatch
    private let log: RunLog
    private let runState: RunState
    private var tracker: CheckpointTracker
    private var count = 0
    private var skipped: LocalCheckpoint?
    /// The steps of which the log says what they lack.
    private var torn: Set<String> = []
    private var isScanning = false
    /// Why the last scan was incomplete, nil if it was complete.
    private var blindness: POSIXError?

    init(
        _ pattern: CheckpointPattern, stage: String, known: [LocalCheckpoint], uploader: CheckpointUploader,
        losses: LossWatch, log: RunLog, runState: RunState
    ) {
        self.pattern = pattern
        self.stage = stage
        self.uploader = uploader
        self.losses = losses
        self.log = log
        self.runState = runState
        tracker = CheckpointTracker(pattern, known: known)
    }

    /// Scans until it is cancelled; calls `onSaving` after each scan that finds files written.
    func run(onSaving: @Sendable () -> Void = {}) async {
        var last: Int?
        while !Task.isCancelled {
            let started = ContinuousClock.now
            await scan(ending: nil)
            if let last, last != tracker.changes { onSaving() }
            last = tracker.changes
            // A folder that takes long to scan is scanned less often, so that the scans hardly load the trainer's disk.
            try? await Task.sleep(for: max(.seconds(1), (ContinuousClock.now - started) * 9))
        }
    }

    /// Scans a last time, knowing how the stage ended; repeats an incomplete scan.
    ///
    /// Throws if the scans remain incomplete for longer than `patience`, since checkpoints might be missed.
    func finish(_ ending: CheckpointTracker.Ending, patience: Duration) async throws(SupervisionError) {
        let started = ContinuousClock.now
        while await !scan(ending: ending), let blindness, blindness.errno != .permissionDenied {
            guard ContinuousClock.now - started < patience, !Task.isCancelled else {
                throw SupervisionError(.uploadIncomplete, "look for checkpoints of stage \(stage)", "\(blindness)")
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
        if ending == .success, !tracker.hasFound, torn.isEmpty {
            log.say("stage \(stage) left no checkpoint: nothing below \(pattern.root) is one by its rule")
        }
    }

    /// Scans once; at the stage's end it also queues the last checkpoint that the rule's `every` skipped.
    ///
    /// Returns false if a part of the folder could not be read.
    @discardableResult
    func scan(ending: CheckpointTracker.Ending?) async -> Bool {
        while isScanning { try? await Task.sleep(for: .milliseconds(20)) }
        isScanning = true
        defer { isScanning = false }
        let root = pattern.root
        let found = await BlockingThread.run { FolderScan(root) }
        let scan = CheckpointTracker.Scan(files: found.files, moment: .now, time: SystemClock.nanoseconds)
        var failure = found.failures.first
        var complete: [LocalCheckpoint] = []
        do { complete = try tracker.observe(scan, ending: ending, isOpenForWriting: OpenWriters.exist) } catch {
            failure = error as? POSIXError
        }
        note(failure)
        sayWhatIsTorn()
        for checkpoint in complete where isSound(checkpoint) {
            count += 1
            if count.isMultiple(of: pattern.every) {
                skipped = nil
                await uploader.add(checkpoint, pattern, stage: stage)
            } else {
                skipped = checkpoint
                await uploader.note(checkpoint, of: stage)
            }
        }
        if ending != nil, let last = skipped {
            skipped = nil
            await uploader.add(last, pattern, stage: stage)
        }
        return failure == nil
    }

    /// Returns false for a checkpoint that was saved when a loss was no number any more: it must not replace a good one.
    private func isSound(_ checkpoint: LocalCheckpoint) -> Bool {
        guard let since = losses.since, checkpoint.files.values.contains(where: { $0.modified >= since }) else {
            return true
        }
        log.say("checkpoint \(stage)/\(checkpoint.step) is left out: the loss was no number when it was saved")
        return false
    }

    /// Logs once per step why it is no checkpoint: it is never uploaded, and a run cannot go on from it.
    private func sayWhatIsTorn() {
        for (step, lacking) in tracker.torn.sorted(by: { $0.key < $1.key }) where torn.insert(step).inserted {
            log.say("checkpoint \(stage)/\(step) is not complete: there is no \(lacking), or it is empty")
        }
    }

    /// Logs once that the folder cannot be read, and once that it can be read again.
    private func note(_ failure: POSIXError?) {
        defer { blindness = failure }
        guard failure != blindness else { return }
        runState.report(delay: failure.map { "\($0)" }, of: "checkpoints of stage \(stage)")
        guard let failure else { return log.say("checkpoints of stage \(stage) can be looked for again") }
        log.say(
            "cannot look for checkpoints of stage \(stage): \(failure); what lies there is looked for again and again")
    }
}
