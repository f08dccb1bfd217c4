/// How the entrypoint ends when the program itself did not fail; the reason in status.json decides, never the number.
package enum ExitCode: Int32, Sendable {
    case verified = 0
    case internalError = 70
    case preflight = 71
    case uploadIncomplete = 72
    case verification = 73
    case disk = 74
    /// Start me again.
    case preempted = 75
    case restore = 76
    case configuration = 78
}
