import RunContract
import Testing

@testable import Supervision

struct MetricNumberTests {
    @Test(
        arguments: [
            ("7233", 7233), ("7,233", 7233), ("1,234,567.25", 1_234_567.25), ("-7,233", -7233), ("+1_000", 1000),
            ("1'000", 1000), ("7\u{202F}233", 7233), ("1,234e2", 123_400), ("0.5", 0.5), ("1e-3", 0.001),
            ("1,5", nil), ("12,34,567", nil), ("1,234_567", nil), (",233", nil), ("1234,567", nil), ("nan", nil),
            ("inf", nil), ("step", nil), ("", nil), ("1,23a", nil), ("1,٢٣٤", nil),
        ] as [(String, Double?)])
    func `separators stand before three digits`(text: String, value: Double?) {
        #expect(MetricNumber.value(text) == value)
    }

    @Test func `a run's step and curve are read through separators, and shown as they were printed`() throws {
        let runState = RunState(run: "r", stages: [])
        let rule = Program.MetricRule(line: "tok", match: #"step (?<step>[\d,]+) tok/sec: (?<speed>[\d,.]+)"#)
        let reader = try MetricReader([rule])
        for line in ["step 1,000 tok/sec: 7,233", "step 2,000 tok/sec: 8,001.5"] {
            runState.record(reader.values(in: line))
        }
        #expect(runState.status.step == 2000)
        #expect(runState.status.metrics["speed"] == "8,001.5")
        #expect(runState.snapshot.series["speed"]?.map(\.x) == [1000, 2000])
        #expect(runState.snapshot.series["speed"]?.map(\.y) == [7233, 8001.5])
        #expect(PrometheusText.make(runState.snapshot).contains("caas_metric{name=\"speed\"} 8001.5\n"))
    }
}
