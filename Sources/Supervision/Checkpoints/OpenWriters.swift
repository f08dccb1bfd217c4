import CLinux
import POSIX
import SystemPackage

/// Which files some process has open for writing, by looking into /proc.
///
/// <https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html>
enum OpenWriters {
    /// True where a process has one of these files open for writing; processes that may not be examined do not count.
    static func exist(for files: [FileSnapshot]) -> Bool {
        let wanted = Set(files.map { FileNumber(device: $0.device, inode: $0.inode) })
        guard let processes = try? FileSystem.names(in: "/proc") else { return false }
        for process in processes where process.string.utf8.allSatisfy({ (48...57).contains($0) }) {
            if process.string == "\(getpid())" { continue }
            if hasWriter(in: FilePath("/proc").appending(process), of: wanted) { return true }
        }
        return false
    }

    private struct FileNumber: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private static func hasWriter(in process: FilePath, of wanted: Set<FileNumber>) -> Bool {
        guard let descriptors = try? FileSystem.names(in: process.appending("fd")) else { return false }
        for descriptor in descriptors {
            guard let status = try? FileStatus(process.appending("fd").appending(descriptor), followingLinks: true),
                wanted.contains(FileNumber(device: status.device, inode: status.inode)),
                let text = try? FileSystem.read(process.appending("fdinfo").appending(descriptor))
            else { continue }
            if isWriting(String(decoding: text, as: UTF8.self)) { return true }
        }
        return false
    }

    /// The line `flags:` is octal; its last two bits are the access mode.
    static func isWriting(_ information: String) -> Bool {
        for line in information.split(separator: "\n") where line.hasPrefix("flags:") {
            guard let flags = Int32(line.dropFirst(6).filter { $0 != "\t" && $0 != " " }, radix: 8) else { continue }
            return flags & O_ACCMODE != O_RDONLY
        }
        return false
    }
}
