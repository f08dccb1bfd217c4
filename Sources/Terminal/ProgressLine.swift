import POSIX
private import Synchronization
private import Wording

/// The progress of a long operation: a live line on a terminal, a line every few seconds in a log.
package final class ProgressLine: Sendable {
    private struct State {
        var shown = ""
        var written: ContinuousClock.Instant?
    }

    private let isTerminal: Bool
    private let output: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// Creates a line on standard error; tests provide another output.
    package init(
        isTerminal: Bool = StandardError.isTerminal,
        output: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) {
        self.isTerminal = isTerminal
        self.output = output
    }

    /// Shows the current progress; most calls write nothing.
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

    /// Writes a permanent line in place of the live one.
    package func write(_ text: String) { keep(VisibleText.text(text)) }

    /// Writes a line of another program's output, which may contain colors.
    package func write(output line: String) { keep("    " + VisibleText.output(line)) }

    private func keep(_ text: String) {
        state.withLock { state in
            output(isTerminal && !state.shown.isEmpty ? "\r\u{1B}[K\(text)\n" : "\(text)\n")
            state.shown = ""
            // In a log the next progress line follows only after a pause, so that short steps have one line each.
            state.written = isTerminal ? nil : .now
        }
    }
}
