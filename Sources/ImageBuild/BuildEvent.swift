/// What a build tells while it runs.
package enum BuildEvent: Sendable, Hashable {
    /// A step began.
    case step(String)
    /// The step has written so many bytes of files into its layer by now.
    case progress(step: String, bytes: Int64)
    /// Another program has worked on the step for so long.
    case waiting(step: String, seconds: Int)
    /// A line that a command of the build printed.
    case output(String)
    /// Something that the user should know, though the build goes on.
    case warning(String)
}
