import ArgumentParser
import POSIX
import Secrets
import Terminal

/// Reads a password from a terminal or a pipe; every user of the machine can read a process's arguments.
enum Password {
    private static let longest = 64 << 10

    /// Reads the first line of standard input; with `prompt` asks on the terminal, without echo.
    static func read(prompt: String?) throws -> Secret {
        let line = try prompt.map { try TerminalInput.readSilently($0) } ?? StandardInput.readLine(limit: longest)
        guard let line, !line.isEmpty else { throw ValidationError("there is no password on standard input") }
        return Secret(line)
    }
}
