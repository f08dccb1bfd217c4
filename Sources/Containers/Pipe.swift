private import CLinux
import POSIX
import SystemPackage
import Wording

/// Both ends of a pipe, of which the caller keeps one.
struct Pipe: ~Copyable {
    let read: File
    let write: File

    init(_ name: String) throws {
        var ends: [Int32] = [-1, -1]
        guard caas_pipe(&ends) == 0 else {
            throw Failure("make a pipe", "\(Errno(rawValue: CLinux.__errno_location().pointee))")
        }
        let path = FilePath("the process's \(name)")
        read = File(owning: ends[0], path: path)
        write = File(owning: ends[1], path: path)
    }

    consuming func keepRead() -> File { read }
    consuming func keepWrite() -> File { write }
}
