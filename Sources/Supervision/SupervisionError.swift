package import RunContract

/// Why a run cannot go on, with the status that the container ends with.
package struct SupervisionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the container ends with.
    package let status: Int32
    /// One line: `cannot <do> <thing>: <reason>`.
    package let description: String

    /// What could not be done and why.
    package init(_ code: ExitCode, _ action: String, _ reason: String) {
        status = code.rawValue
        description = "cannot \(action): \(reason)"
    }

    /// The program itself ended the run.
    init(status: Int32, _ description: String) {
        self.status = status
        self.description = description
    }

    /// The same reason under another code.
    func with(_ code: ExitCode) -> SupervisionError { SupervisionError(status: code.rawValue, description) }

    /// True where somebody asked the container to stop or another one took the run over.
    var isPreemption: Bool { status == ExitCode.preempted.rawValue }

    /// Somebody asked the container to stop.
    static let stopped = SupervisionError(
        status: ExitCode.preempted.rawValue, "stopped by a signal before the run was over; start it again to resume")
}
