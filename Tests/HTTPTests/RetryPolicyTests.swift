import HTTP
import Testing
import Timestamps

@Suite struct RetryPolicyTests {
    @Test func `waits are drawn below a bound that doubles up to the last`() {
        let policy = RetryPolicy(attempts: 9, firstBound: 1, lastBound: 10)
        for attempt in 0..<200 {
            let bound = min(10.0, Double(1 << min(attempt, 20)))
            #expect((0...bound).contains(policy.wait(after: attempt)))
        }
    }

    @Test(arguments: [("7", 7.0), ("0", 0), ("-5", 0), ("100000", 120)])
    func `Retry-After in seconds is waited out, two minutes at most`(text: String, seconds: Double) {
        #expect(RetryPolicy().wait(after: 0, headers: ["Retry-After": text]) == seconds)
    }

    @Test func `Retry-After as a date is waited out`() {
        let date = (Timestamp.now() + 30).http
        #expect((25...30).contains(RetryPolicy().wait(after: 0, headers: ["Retry-After": date])))
        #expect(RetryPolicy().wait(after: 0, headers: ["Retry-After": "Fri, 02 Jan 2015 03:04:05 GMT"]) == 0)
    }

    @Test func `nonsense in Retry-After is as if it were not there`() {
        #expect((0...0.5).contains(RetryPolicy().wait(after: 0, headers: ["Retry-After": "soon"])))
    }
}
