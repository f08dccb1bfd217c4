package import JSON
private import POSIX

/// Damages documents in the same way in every test run.
package struct JSONFuzzer {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Creates a fuzzer in its initial state.
    package init() {}

    /// Repeats `body` for about 0.2 seconds, or CAASCTL_FUZZ_SECONDS; at least a hundred times.
    package mutating func run(_ body: (inout JSONFuzzer, Int) throws -> Void) rethrows {
        let seconds = ProcessEnvironment.value("CAASCTL_FUZZ_SECONDS").flatMap { Double($0) } ?? 0.2
        let end = ContinuousClock.now + .seconds(seconds)
        var round = 0
        while round < 100 || ContinuousClock.now < end {
            try body(&self, round)
            round += 1
        }
    }

    private mutating func number(below limit: Int) -> Int {
        // xorshift64*
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 2_685_821_657_736_338_717) >> 33) % max(1, limit)
    }

    /// Returns the document with some of its values changed, removed or moved.
    package mutating func damaged(_ json: JSONValue) -> JSONValue {
        var changed = json
        for _ in 0...number(below: 3) { changed = changedSomewhere(changed) }
        return changed
    }

    /// Returns the bytes with some of them changed, removed, inserted or duplicated.
    package mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...number(below: 4) {
            let index = number(below: bytes.count + 1)
            switch number(below: 5) {
            case 0: if index < bytes.count { bytes[index] = UInt8(number(below: 256)) }
            case 1: if index < bytes.count { bytes.remove(at: index) }
            case 2: bytes.insert(Array("\"\\{}[]:,0e-.\u{0}u".utf8)[number(below: 14)], at: index)
            case 3: bytes.insert(contentsOf: bytes[..<index].suffix(number(below: 40)), at: index)
            default: bytes.removeSubrange(index..<min(bytes.count, index + number(below: 9)))
            }
        }
        return bytes
    }

    private mutating func changedSomewhere(_ json: JSONValue) -> JSONValue {
        switch json {
        case .object(var members) where number(below: 8) > 0 && !members.isEmpty:
            let name = members.keys.sorted()[number(below: members.count)]
            switch number(below: 6) {
            case 0: members[name] = nil
            case 1: members[name] = strange()
            case 2: members[text()] = members[name]
            default: members[name] = members[name].map { changedSomewhere($0) }
            }
            return .object(members)
        case .array(var elements) where number(below: 8) > 0 && !elements.isEmpty:
            let index = number(below: elements.count)
            switch number(below: 5) {
            case 0: elements.remove(at: index)
            case 1: elements.append(elements[index])
            case 2: elements[index] = strange()
            default: elements[index] = changedSomewhere(elements[index])
            }
            return .array(elements)
        default: return strange()
        }
    }

    private mutating func strange() -> JSONValue {
        let numbers = [
            "0", "-1", "1e400", "-0", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1.5",
            "1e18", "0.1e-400", "18446744073709551616", "4294967296", "1E2",
        ]
        switch number(below: 8) {
        case 0: return .null
        case 1: return .bool(number(below: 2) == 0)
        case 2: return .number(numbers[number(below: numbers.count)])
        case 3: return .array([])
        case 4: return .object([:])
        case 5: return .array((0..<number(below: 5)).map { _ in .string(text()) })
        default: return .string(text())
        }
    }

    private mutating func text() -> String {
        let texts = [
            "", ".", "..", "../x", "/x", "a/../b", "a//b", "a/.", "\u{0}", "a\u{0}b", "\n", "caas: complete",
            "\rcaas: x",
            "\u{1B}]0;x\u{7}", "\u{9B}2J", "\u{202E}", "\u{FEFF}caas: x", "\u{301}x", "é", "e\u{301}", "base", "failed",
            "complete", "sha256:" + String(repeating: "0", count: 64), String(repeating: "x", count: 5000),
            "99999999999999999999",
        ]
        return texts[number(below: texts.count)]
    }
}
