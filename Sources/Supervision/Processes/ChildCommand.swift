/// A program that PID 1 starts: what, with which environment, and where.
public struct ChildCommand: Sendable, Hashable {
    /// The program, by path or by name in the PATH of `environment`, and its arguments.
    public let arguments: [String]
    /// Its whole environment.
    public let environment: [String: String]
    /// Its working folder.
    public let workdir: String

    /// A command.
    public init(_ arguments: [String], environment: [String: String], workdir: String) {
        self.arguments = arguments
        self.environment = environment
        self.workdir = workdir
    }
}

/// How a process ended.
public enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case signaled(Int32)

    /// The status as a shell gives it: 128 and the signal's number.
    public var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    /// True for status 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// `exit status 3` or `signal 9`.
    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }
}
