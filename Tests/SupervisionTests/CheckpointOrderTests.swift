import RunContract
import Testing

@testable import Supervision

/// The order of checkpoints in the status.
struct CheckpointOrderTests {
    @Test func `the newest of a stage comes last whatever was uploaded last`() {
        let state = RunState(run: "order-20260102-030405-abcd", stages: [])
        for (step, stage) in [
            (7, "base"), (21, "base"), (14, "base"), (2, "tune"), (13, "base"), (21, "base"), (1, "tune"),
        ] {
            state.update { $0.addCheckpoint(step, of: stage) }
        }
        #expect(state.status.checkpoints == ["base/7", "base/13", "base/14", "base/21", "tune/1", "tune/2"])
    }
}
