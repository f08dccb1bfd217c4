import POSIX
import SystemPackage

/// Looks at a stage's folder every second and hands complete checkpoints to the uploader.
actor CheckpointScanner {
    private let pattern: CheckpointPattern
    private let stage: String
    private let uploader: CheckpointUploader
    private let log: RunLog
    private var tracker: CheckpointTracker
    private var count = 0
    private var skipped: LocalCheckpoint?
    private var isScanning = false

    init(_ pattern: CheckpointPattern, stage: String, known: Set<Int>, uploader: CheckpointUploader, log: RunLog) {
        self.pattern = pattern
        self.stage = stage
        self.uploader = uploader
        self.log = log
        tracker = CheckpointTracker(pattern, known: known)
    }

    /// Goes on until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            await scan(ending: nil)
            // A folder that takes long to walk is walked more rarely.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Looks once; at the end of the stage also the last one that the rule's `every` left out is uploaded.
    func scan(ending: CheckpointTracker.Ending?) async {
        while isScanning { try? await Task.sleep(for: .milliseconds(20)) }
        isScanning = true
        defer { isScanning = false }
        let root = pattern.root
        let files = await BlockingThread.run { FolderScan.files(below: root) }
        let scan = CheckpointTracker.Scan(files: files, moment: .now, time: SystemClock.nanoseconds)
        for checkpoint in tracker.observe(scan, ending: ending, isOpenForWriting: OpenWriters.exist) {
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
    }

    private func queue(_ checkpoint: LocalCheckpoint) async {
        log.say("checkpoint \(stage)/\(checkpoint.step) is complete: \(ByteCount(checkpoint.size))")
        await uploader.add(checkpoint, pattern, stage: stage)
    }
}
