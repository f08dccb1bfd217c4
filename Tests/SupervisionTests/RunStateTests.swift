import RunContract
import Testing

@testable import Supervision

struct RunStateTests {
    @Test func `what does not go on is the reason until it does, and never hides a failure`() {
        let runState = RunState(run: "r", stages: [])
        runState.report(delay: "the bucket refuses it", of: "checkpoint base/2")
        runState.report(delay: "no answer", of: "the log")
        #expect(runState.status.reason == "checkpoint base/2: the bucket refuses it; the log: no answer")
        runState.report(delay: nil, of: "checkpoint base/2")
        #expect(runState.status.reason == "the log: no answer")
        runState.update { $0.reason = "stage base ended with exit status 1" }
        runState.report(delay: "no answer", of: "checkpoint base/3")
        runState.report(delay: nil, of: "the log")
        #expect(runState.status.reason == "stage base ended with exit status 1")
    }

    @Test func `nothing is left of a delay that is over`() {
        let runState = RunState(run: "r", stages: [])
        runState.report(delay: "no answer", of: "the log")
        runState.report(delay: nil, of: "the log")
        #expect(runState.status.reason.isEmpty)
    }
}
