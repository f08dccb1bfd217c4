import ObjectStorage
import RunContract
import SystemPackage

/// What one start of a run works with, once it is known who it is.
struct RunSession: Sendable {
    let configuration: RunConfiguration
    let store: any ObjectStore
    let layout: BucketLayout
    let run: RunID
    let attempt: Int
    /// The program's data folder.
    let data: FilePath
    let stages: StageEnvironment
    let log: RunLog
    let board: RunBoard
    let metrics: MetricReader

    var program: Program { configuration.program }
    /// Uploads that nothing else waits for.
    var persistence: Persistence { Persistence(log: log, patience: .seconds(configuration.drainSeconds)) }

    /// A stage's checkpoint rule with its variables filled in.
    func pattern(of stage: Program.Stage) throws(SupervisionError) -> CheckpointPattern? {
        guard let rule = stage.checkpoints else { return nil }
        let variables = try stages.variables(of: stage)
        return try CheckpointPattern(rule, data: data) { (text) throws(SupervisionError) in
            try StageEnvironment.expand(text) { variables[$0] }
        }
    }
}
