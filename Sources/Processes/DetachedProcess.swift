package import POSIX
package import SystemPackage

/// A process that outlives the one that started it.
package enum DetachedProcess {
    /// Starts a program in its own session, with empty input and with its output and errors appended to two files.
    ///
    /// It gets exactly this environment.
    package static func start(
        _ program: FilePath, _ arguments: [String], environment: [String: String], output: FilePath, errors: FilePath
    ) throws(POSIXError) -> ProcessIdentity {
        var start = ProgramStart(program.string, arguments)
        start.environment = environment
        start.input = "/dev/null"
        start.output = .append(output)
        start.errors = .append(errors)
        start.hasOwnSession = true
        let pid: Int32
        do throws(POSIXError) { pid = try start.start() } catch { throw POSIXError("start", program, error.errno) }
        // Nobody waits for this child yet, so its process ID cannot be reused before it is read here.
        guard let identity = ProcessIdentity(pid: pid) else { throw POSIXError("examine", program, .noSuchProcess) }
        // The starter may go on until long after the child's end, and a zombie keeps whoever waits for any child busy.
        BlockingThread.start { ChildExit.wait(for: pid) }
        return identity
    }
}
