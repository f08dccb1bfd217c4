import Testing

@testable import Supervision

struct ServerRestartsTests {
    private static let importError = Supervision.ExitStatus.exited(1)

    /// Returns the number of ends after which the server is given up, and the reason; nil if twelve are not enough.
    private func ends(_ lives: (Int) -> (Supervision.ExitStatus, wasReady: Bool, seconds: Double)) -> (Int, String)? {
        var restarts = ServerRestarts()
        for index in 1...12 {
            let (status, wasReady, seconds) = lives(index)
            if let reason = restarts.refusal(after: status, wasReady: wasReady, seconds: seconds) {
                return (index, reason)
            }
        }
        return nil
    }

    @Test func `a server that cannot start is given up after three tries`() throws {
        let end = try #require(ends { _ in (Self.importError, false, 4) })
        #expect(end.0 == 3)
        #expect(end.1.hasPrefix("was never ready and ended 3 times within seconds with "))
    }

    @Test func `one that was ready once, ends otherwise each time, or takes its time is tried ten times`() throws {
        #expect(try #require(ends { (Self.importError, $0 == 1, 4) }).0 == 11)
        #expect(try #require(ends { (.exited(Int32($0)), false, 4) }).0 == 11)
        #expect(try #require(ends { _ in (Self.importError, false, 100) }).0 == 11)
    }

    @Test func `one that lives for long is started again for ever`() {
        #expect(ends { _ in (Self.importError, true, 400) } == nil)
    }

    @Test func `the last lines are one line`() {
        let words = LastOutput()
        for line in [
            "Traceback (most recent call last):", "", "  File \"a.py\", line 1", "    import torhc", "No module",
        ] {
            words.add(line)
        }
        #expect(words.text == "File \"a.py\", line 1 | import torhc | No module")
        words.add(String(repeating: "x", count: 1000))
        #expect(words.text.count < 400)
    }
}
