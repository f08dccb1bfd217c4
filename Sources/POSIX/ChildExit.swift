private import CLinux

/// The end of a process that this one started.
package enum ChildExit {
    /// Blocks until a child ends; returns its exit status, or 128 plus the number of the signal that ended it.
    @discardableResult
    package static func wait(for pid: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, CLinux.__errno_location().pointee == EINTR {}
        return caas_exited(status) != 0 ? caas_exit_status(status) : 128 + caas_term_signal(status)
    }
}
