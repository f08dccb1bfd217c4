private import CLinux
package import SystemPackage

/// A failed system call, with the action and the path.
package struct POSIXError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The action, such as `open` or `write`.
    package let action: String
    /// The file of the action.
    package let path: FilePath
    package let errno: Errno

    package init(_ action: String, _ path: FilePath, _ errno: Errno) {
        self.action = action
        self.path = path
        self.errno = errno
    }

    /// For example `cannot open /etc/shadow: Permission denied`.
    package var description: String { "cannot \(action) \(path): \(errno)" }

    /// Creates an error from the calling thread's errno.
    static func last(_ action: String, _ path: FilePath) -> POSIXError {
        POSIXError(action, path, Errno(rawValue: CLinux.__errno_location().pointee))
    }
}

/// Repeats a call interrupted by a signal (EINTR). <https://man7.org/linux/man-pages/man7/signal.7.html>
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || CLinux.__errno_location().pointee != EINTR { return result }
    }
}
