import ArgumentParser
import POSIX
import Secrets
import Terminal

/// A password that is typed or piped: never an argument, which every user of the machine can read.
enum Password {
    private static let longest = 64 << 10

    /// The first line of standard input; on a terminal after `prompt`, without showing it.
    static func read(prompt: String?) throws -> Secret {
        let line = try prompt.map { try TerminalInput.readSilently($0) } ?? StandardInput.readLine(limit: longest)
        guard let line, !line.isEmpty else { throw ValidationError("there is no password on standard input") }
        return Secret(line)
    }
}
