/// The entrypoint's exit codes when the program itself did not fail.
///
/// The reason in status.json is authoritative, not the number.
package enum RunExit: Int32, CaseIterable, Sendable {
    case verified = 0
    case internalError = 70
    case preflight = 71
    case uploadIncomplete = 72
    case verification = 73
    case disk = 74
    /// The run should be started again.
    case preempted = 75
    case restore = 76
    /// The deadline or the most that the run may cost is reached; it must not be started again as it is.
    case limit = 77
    case configuration = 78
}
