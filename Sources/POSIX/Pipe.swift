private import CLinux
import SystemPackage

/// Both ends of a pipe, of which the caller keeps one.
package struct Pipe: ~Copyable {
    package let read: File
    package let write: File

    /// Makes a pipe; `name` says in errors what it is for.
    package init(_ name: String) throws(POSIXError) {
        var ends: [Int32] = [-1, -1]
        guard caas_pipe(&ends) == 0 else { throw POSIXError.last("make", "a pipe") }
        let path = FilePath("the process's \(name)")
        read = File(owning: ends[0], path: path)
        write = File(owning: ends[1], path: path)
    }

    package consuming func keepRead() -> File { read }
    package consuming func keepWrite() -> File { write }
}
