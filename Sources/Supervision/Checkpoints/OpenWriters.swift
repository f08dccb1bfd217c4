import CLinux
import POSIX
import SystemPackage

/// Finds in /proc whether a process has one of several files open for writing.
///
/// <https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html>
enum OpenWriters {
    /// Returns true if a process has one of these files open for writing; ignores processes that may not be examined.
    ///
    /// Throws if that cannot be determined, for example when file descriptors are exhausted.
    static func exist(for files: [FileSnapshot]) throws(POSIXError) -> Bool {
        let wanted = Set(files.map { FileID(device: $0.device, inode: $0.inode) })
        let processes: [FilePath.Component]
        do throws(POSIXError) { processes = try FileSystem.names(in: "/proc") } catch {
            // Without /proc only sizes and modification times can tell.
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return false
        }
        for process in processes where process.string.utf8.allSatisfy({ (48...57).contains($0) }) {
            if process.string == "\(getpid())" { continue }
            if try hasWriter(in: FilePath("/proc").appending(process), of: wanted) { return true }
        }
        return false
    }

    /// Returns true for the errors of a process that has ended or may not be examined.
    private static func isElsewhere(_ error: POSIXError) -> Bool {
        [.noSuchFileOrDirectory, .noSuchProcess, .permissionDenied, .notPermitted].contains(error.errno)
    }

    private static func hasWriter(in process: FilePath, of wanted: Set<FileID>) throws(POSIXError) -> Bool {
        do throws(POSIXError) {
            for descriptor in try FileSystem.names(in: process.appending("fd")) {
                if try isWriter(process, descriptor, of: wanted) { return true }
            }
            return false
        } catch {
            guard isElsewhere(error) else { throw error }
            return false
        }
    }

    private static func isWriter(
        _ process: FilePath, _ descriptor: FilePath.Component, of wanted: Set<FileID>
    ) throws(POSIXError) -> Bool {
        do throws(POSIXError) {
            let status = try FileStatus(process.appending("fd").appending(descriptor), followingLinks: true)
            guard wanted.contains(status.id) else { return false }
            let text = try FileSystem.read(process.appending("fdinfo").appending(descriptor))
            return isWriting(String(decoding: text, as: UTF8.self))
        } catch {
            // The descriptor's file may be gone, or its file system may be; no stage writes checkpoints there.
            guard
                isElsewhere(error) || ![.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory].contains(error.errno)
            else { throw error }
            return false
        }
    }

    /// Reads the access mode: the line `flags:` is octal, and its last two bits are the access mode.
    static func isWriting(_ information: String) -> Bool {
        for line in information.split(separator: "\n") where line.hasPrefix("flags:") {
            guard let flags = Int32(line.dropFirst(6).filter { $0 != "\t" && $0 != " " }, radix: 8) else { continue }
            return flags & O_ACCMODE != O_RDONLY
        }
        return false
    }
}
