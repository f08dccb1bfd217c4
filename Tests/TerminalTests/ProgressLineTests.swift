import Synchronization
import Terminal
import Testing

@Suite struct ProgressLineTests {
    private final class Output: Sendable {
        private let written = Mutex("")
        var text: String { written.withLock { $0 } }
        @Sendable func write(_ text: String) { written.withLock { $0 += text } }
    }

    @Test func `a terminal gets a live line that lasting ones replace`() {
        let output = Output()
        let line = ProgressLine(isTerminal: true, output: output.write)
        line.write("first")
        line.update("1 MiB")
        line.update("2 MiB")
        line.write("second")
        line.write("third")
        #expect(output.text == "first\n\r\u{1B}[K1 MiB\r\u{1B}[Ksecond\nthird\n")
    }

    @Test func `a log gets a line only after a while`() {
        let output = Output()
        let line = ProgressLine(isTerminal: false, output: output.write)
        line.write("first")
        for number in 0..<1000 { line.update("\(number)") }
        line.write("second")
        #expect(output.text == "first\nsecond\n")
    }
}
