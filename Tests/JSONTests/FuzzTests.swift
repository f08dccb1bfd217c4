import JSON
import TestSupport
import Testing

/// Damaged documents; CAASCTL_FUZZ_SECONDS makes the test run longer.
@Suite struct FuzzTests {
    static let samples: [JSONValue] = [
        ["a": [1, "two", .null, .bool(true)], "b\u{1F511}\"\\\u{1}": ["c": [[:], []]], "n": .number("-1.5e-7")],
        .array((0..<20).map { .string("\($0)\u{7F}\u{2028}é\t") }),
    ]

    @Test(arguments: samples) func `what can be read is the same after it was written`(sample: JSONValue) throws {
        #expect(try JSONValue(parsing: sample.encoded()) == sample)
        var fuzzer = JSONFuzzer()
        var accepted = 0
        fuzzer.run { fuzzer, round in
            let bytes = fuzzer.damaged(round.isMultiple(of: 2) ? sample.encoded() : sample.prettyEncoded())
            guard let value = try? JSONValue(parsing: bytes) else { return }
            accepted += 1
            guard (try? JSONValue(parsing: value.encoded())) == value,
                (try? JSONValue(parsing: value.prettyEncoded())) == value
            else {
                Issue.record("round \(round): \(bytes)")
                return
            }
        }
        #expect(accepted > 0)
    }
}
