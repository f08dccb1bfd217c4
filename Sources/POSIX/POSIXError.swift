private import CLinux
package import SystemPackage

/// A system call that failed, with what was being done to what.
package struct POSIXError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was being done, as in `open` or `write`.
    package let action: String
    /// The file that it was done to.
    package let path: FilePath
    /// The system's reason.
    package let errno: Errno

    /// Wraps a reason.
    package init(_ action: String, _ path: FilePath, _ errno: Errno) {
        self.action = action
        self.path = path
        self.errno = errno
    }

    /// `cannot open /etc/shadow: Permission denied`.
    package var description: String { "cannot \(action) \(path): \(errno)" }

    /// Wraps the calling thread's errno.
    static func last(_ action: String, _ path: FilePath) -> POSIXError {
        POSIXError(action, path, Errno(rawValue: CLinux.__errno_location().pointee))
    }
}

/// Repeats a call that a signal interrupted. <https://man7.org/linux/man-pages/man7/signal.7.html>
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || CLinux.__errno_location().pointee != EINTR { return result }
    }
}
