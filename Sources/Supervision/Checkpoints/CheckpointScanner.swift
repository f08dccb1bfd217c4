import POSIX
import RunContract
import SystemPackage

/// Looks at a stage's folder every second and hands complete checkpoints to the uploader.
actor CheckpointScanner {
    private let pattern: CheckpointPattern
    private let stage: String
    private let uploader: CheckpointUploader
    private let log: RunLog
    private let board: RunBoard
    private var tracker: CheckpointTracker
    private var count = 0
    private var skipped: LocalCheckpoint?
    private var isScanning = false
    /// Why the last look did not see everything.
    private var blindness: POSIXError?

    init(
        _ pattern: CheckpointPattern, stage: String, known: [LocalCheckpoint], uploader: CheckpointUploader,
        log: RunLog,
        board: RunBoard
    ) {
        self.pattern = pattern
        self.stage = stage
        self.uploader = uploader
        self.log = log
        self.board = board
        tracker = CheckpointTracker(pattern, known: known)
    }

    /// Goes on until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            let started = ContinuousClock.now
            await scan(ending: nil)
            // A folder that takes long to walk is walked more rarely, so that the trainer's disk feels little of it.
            try? await Task.sleep(for: max(.seconds(1), (ContinuousClock.now - started) * 9))
        }
    }

    /// Looks a last time, with what the stage's end says about its last set; looks again where it cannot see.
    ///
    /// Throws where that stays so for longer than the patience: nobody knows then what is left out.
    func finish(_ ending: CheckpointTracker.Ending, patience: Duration) async throws(SupervisionError) {
        let started = ContinuousClock.now
        while await !scan(ending: ending), let blindness, blindness.errno != .permissionDenied {
            guard ContinuousClock.now - started < patience, !Task.isCancelled else {
                throw SupervisionError(.uploadIncomplete, "look for checkpoints of stage \(stage)", "\(blindness)")
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Looks once; at the end of the stage also the last one that the rule's `every` left out is uploaded.
    ///
    /// False where a part could not be looked at.
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
        for checkpoint in complete {
            count += 1
            if count.isMultiple(of: pattern.every) {
                skipped = nil
                await queue(checkpoint)
            } else {
                skipped = checkpoint
            }
        }
        if ending != nil, let last = skipped {
            skipped = nil
            await queue(last)
        }
        return failure == nil
    }

    /// Says once that it cannot see, and once that it can again.
    private func note(_ failure: POSIXError?) {
        defer { blindness = failure }
        guard failure != blindness else { return }
        board.report(delay: failure.map { "\($0)" }, of: "checkpoints of stage \(stage)")
        guard let failure else { return log.say("checkpoints of stage \(stage) can be looked for again") }
        log.say(
            "cannot look for checkpoints of stage \(stage): \(failure); what lies there is looked for again and again")
    }

    private func queue(_ checkpoint: LocalCheckpoint) async {
        log.say("checkpoint \(stage)/\(checkpoint.step) is complete: \(ByteCount(checkpoint.size))")
        await uploader.add(checkpoint, pattern, stage: stage)
    }
}
