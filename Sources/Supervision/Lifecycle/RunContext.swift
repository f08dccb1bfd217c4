import ObjectStorage
import RunContract
import SystemPackage

/// A run that this attempt has taken over, so that its status can be written to the bucket.
struct ClaimedRun: Sendable {
    let run: RunID
    let attempt: Int
    let layout: BucketLayout
    let store: any ObjectStore
    let reporting: RunReporting

    /// The limits of the store's transfers.
    var limits: TransferLimits { store.limits }
}

/// The shared objects and values of one attempt, once the run is known.
struct RunContext: Sendable {
    /// Maximum number of file parts in transfer at once during training, which may need the network too.
    static let partsInTraining = 16
    /// Maximum number of file parts in transfer at once after all other work is done.
    static let partsInDrain = 32

    let configuration: RunConfiguration
    let store: any ObjectStore
    /// The limits of the store's transfers.
    let limits: TransferLimits
    let layout: BucketLayout
    /// The claim on the run, which is checked again before complete.json is written.
    let ownership: RunOwnership
    let run: RunID
    let attempt: Int
    /// The program's data folder.
    let data: FilePath
    let stages: StageEnvironment
    let gpus: GPUInventory
    /// The memory of the GPUs, nil for a machine without any.
    let gpuMemory: GPUMemoryWatch?
    let log: RunLog
    let runState: RunState
    let metrics: MetricReader
    /// The notes for a later attempt on this disk about checkpoints that are not in the bucket yet.
    let notes: PendingUploads
    /// The records for a later attempt on this disk of stages that need not run again here.
    let finished: FinishedStages

    /// The objects that hold this machine's files, so that no content is uploaded twice.
    let sent = SentFiles()

    /// Reports transfers that make no progress.
    var standstill: StandstillWatch { StandstillWatch(log: log, runState: runState) }

    var program: Program { configuration.program }
    /// Repeats operations that fail, for at most `drainSeconds`.
    var retry: BucketRetry { BucketRetry(log: log, patience: .seconds(configuration.drainSeconds)) }

    /// Removes the limits on transfers, since there is no training to slow down any more.
    func hurryTransfers() {
        limits.partsAtOnce = Self.partsInDrain
        limits.bytesPerSecond = nil
        limits.leaveBackground()
    }

    /// Returns a stage's checkpoint rule with its variables expanded, nil if it has none.
    func pattern(of stage: Program.Stage) throws(SupervisionError) -> CheckpointPattern? {
        guard let rule = stage.checkpoints else { return nil }
        let variables = try stages.variables(of: stage)
        return try CheckpointPattern(rule, data: data) { (text) throws(SupervisionError) in
            try StageEnvironment.expand(text) { variables[$0] }
        }
    }
}
