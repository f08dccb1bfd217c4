import RunContract
import Testing

@testable import Supervision

struct RunBoardTests {
    @Test func `what does not go on is the reason until it does, and never hides a failure`() {
        let board = RunBoard(run: "r", stages: [])
        board.report(delay: "the bucket refuses it", of: "checkpoint base/2")
        board.report(delay: "no answer", of: "the log")
        #expect(board.status.reason == "checkpoint base/2: the bucket refuses it; the log: no answer")
        board.report(delay: nil, of: "checkpoint base/2")
        #expect(board.status.reason == "the log: no answer")
        board.update { $0.reason = "stage base ended with exit status 1" }
        board.report(delay: "no answer", of: "checkpoint base/3")
        board.report(delay: nil, of: "the log")
        #expect(board.status.reason == "stage base ended with exit status 1")
    }

    @Test func `nothing is left of a delay that is over`() {
        let board = RunBoard(run: "r", stages: [])
        board.report(delay: "no answer", of: "the log")
        board.report(delay: nil, of: "the log")
        #expect(board.status.reason.isEmpty)
    }
}
