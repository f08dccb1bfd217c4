import POSIX
private import Synchronization
private import TerminalText

/// What a long operation is doing: a live line on a terminal, a line every few seconds in a log.
package final class ProgressLine: Sendable {
    private struct State {
        var shown = ""
        var written: ContinuousClock.Instant?
    }

    private let isTerminal: Bool
    private let output: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// A line on standard error, or where a test wants it.
    package init(
        isTerminal: Bool = StandardError.isTerminal,
        output: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) {
        self.isTerminal = isTerminal
        self.output = output
    }

    /// Shows where the operation is by now; most calls write nothing.
    package func update(_ text: @autoclosure () -> String) {
        state.withLock { state in
            let now = ContinuousClock.now
            let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
            if let written = state.written, now - written < pause { return }
            state.written = now
            let text = VisibleText.line(text())
            output(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
            state.shown = text
        }
    }

    /// Writes a line that stays, in place of the live one.
    package func write(_ text: String) { keep(VisibleText.text(text)) }

    /// Writes a line of a program's output, which may have colors.
    package func write(output line: String) { keep("    " + VisibleText.output(line)) }

    private func keep(_ text: String) {
        state.withLock { state in
            output(isTerminal && !state.shown.isEmpty ? "\r\u{1B}[K\(text)\n" : "\(text)\n")
            state.shown = ""
            // A log gets its next line of progress only after a while, so that short steps have one line each.
            state.written = isTerminal ? nil : .now
        }
    }
}
