/// A program that PID 1 starts: what, with which environment, and where.
package struct ChildCommand: Sendable, Hashable {
    /// The program, by path or by name in the PATH of `environment`, and its arguments.
    package let arguments: [String]
    /// Its whole environment.
    package let environment: [String: String]
    /// Its working folder.
    package let workdir: String

    /// A command.
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

    /// The status as a shell gives it: 128 and the signal's number.
    package var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    /// True for status 0.
    package var isSuccess: Bool { self == .exited(0) }

    /// `exit status 3` or `signal 9`.
    package var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}
