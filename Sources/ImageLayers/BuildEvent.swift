/// An event that a build reports while it runs.
package enum BuildEvent: Sendable, Hashable {
    case step(String)
    /// The number of bytes that the step has written into its layer so far.
    case progress(step: String, bytes: Int64)
    /// The time that an external program has worked on the step so far.
    case waiting(step: String, seconds: Int)
    /// A line that a command of the build printed.
    case output(String)
    /// A problem that does not stop the build.
    case warning(String)
}
