/// A command that PID 1 starts, with its environment and working directory.
package struct ChildCommand: Sendable, Hashable {
    /// The program, by path or by name in the PATH of `environment`, and its arguments.
    package let arguments: [String]
    /// The complete environment.
    package let environment: [String: String]
    package let workdir: String

    package init(_ arguments: [String], environment: [String: String], workdir: String) {
        self.arguments = arguments
        self.environment = environment
        self.workdir = workdir
    }
}

/// How a process ended.
package enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case signaled(Int32)

    /// The status as a shell reports it: 128 plus the signal's number for a signal.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    package var isSuccess: Bool { self == .exited(0) }

    /// `exit status 3` or `signal 9`.
    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}
