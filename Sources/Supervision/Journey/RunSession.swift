import ObjectStorage
import RunContract
import SystemPackage

/// A run that this start has taken over: from now on it can be told there what becomes of it.
struct ClaimedRun: Sendable {
    let run: RunID
    let attempt: Int
    let layout: BucketLayout
    let store: any ObjectStore

    /// What the store's transfers may take.
    var limits: TransferLimits? { (store as? S3Client)?.limits ?? (store as? FileStore)?.limits }
}

/// What one start of a run works with, once it is known who it is.
struct RunSession: Sendable {
    /// Parts of files under way at once, at most, beside a training that needs the network too.
    static let partsInTraining = 16
    /// The same once nothing but uploads is left to be done.
    static let partsInDrain = 32

    let configuration: RunConfiguration
    let store: any ObjectStore
    /// What the store's transfers may take.
    let limits: TransferLimits?
    let layout: BucketLayout
    let run: RunID
    let attempt: Int
    /// The program's data folder.
    let data: FilePath
    let stages: StageEnvironment
    let gpus: GPUInventory
    let log: RunLog
    let board: RunBoard
    let metrics: MetricReader
    /// What a later start on this disk finds of checkpoints that are not in the bucket yet.
    let notes: UploadNotes
    /// What it finds of stages that need not be run again here.
    let finished: FinishedStages

    /// What of this machine's files is in the bucket, so that nothing is sent twice.
    let sent = SentFiles()

    /// Says of what is transferred where it does not move.
    var standstill: StandstillWatch { StandstillWatch(log: log, board: board) }

    var program: Program { configuration.program }
    /// Uploads that nothing else waits for.
    var persistence: Persistence { Persistence(log: log, patience: .seconds(configuration.drainSeconds)) }

    /// From now on transfers may take all they can get: no training is slowed by it.
    func hurryTransfers() {
        limits?.partsAtOnce = Self.partsInDrain
        limits?.bytesPerSecond = nil
        limits?.leaveBackground()
    }

    /// A stage's checkpoint rule with its variables filled in.
    func pattern(of stage: Program.Stage) throws(SupervisionError) -> CheckpointPattern? {
        guard let rule = stage.checkpoints else { return nil }
        let variables = try stages.variables(of: stage)
        return try CheckpointPattern(rule, data: data) { (text) throws(SupervisionError) in
            try StageEnvironment.expand(text) { variables[$0] }
        }
    }
}
