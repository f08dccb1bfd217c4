private import CLinux
import POSIX
private import Wording

/// Input that a user types at a terminal.
package enum TerminalInput {
    package static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Prompts on standard error and reads a line without echo; nil at the end of input.
    package static func readSilently(_ prompt: String) throws -> String? {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return try StandardInput.readLine(limit: 64 << 10) }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        StandardError.write(VisibleText.line(prompt))
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            StandardError.print("")
        }
        return try StandardInput.readLine(limit: 64 << 10)
    }
}
