package import RunContract

/// The reason why a run cannot continue, with the container's exit status.
package struct SupervisionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The container's exit status.
    package let status: Int32
    /// One line: `cannot <action>: <reason>`.
    package let description: String
    /// The class of a stage's failure, nil for other reasons.
    var kind: FailureClass?

    package init(_ code: RunExit, _ action: String, _ reason: String) {
        status = code.rawValue
        description = "cannot \(action): \(reason)"
    }

    /// Creates an error with any exit status, such as that of the program itself.
    init(status: Int32, _ description: String, kind: FailureClass? = nil) {
        self.status = status
        self.description = description
        self.kind = kind
    }

    /// Returns the same error with another exit code.
    func with(_ code: RunExit) -> SupervisionError { SupervisionError(status: code.rawValue, description) }

    /// True if the container was asked to stop or another one took over the run.
    var isPreemption: Bool { status == RunExit.preempted.rawValue }

    /// The error after a request to stop the container.
    static let stopped = SupervisionError(
        status: RunExit.preempted.rawValue, "stopped by a signal before the run was over; start it again to resume")
}
