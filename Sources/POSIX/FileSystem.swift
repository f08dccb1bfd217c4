private import CLinux
private import Glibc
package import SystemPackage

/// Operations on paths.
package enum FileSystem {
    /// Returns true where the path leads to something; false for a dangling symbolic link.
    package static func exists(_ path: FilePath) -> Bool { path.withPlatformString { access($0, F_OK) } == 0 }

    /// Returns the names in a folder in byte order, without `.` and `..`.
    package static func names(in folder: FilePath) throws(POSIXError) -> [FilePath.Component] {
        guard let handle = folder.withPlatformString({ opendir($0) }) else { throw POSIXError.last("list", folder) }
        defer { closedir(handle) }
        var names: [FilePath.Component] = []
        while true {
            CLinux.__errno_location().pointee = 0
            guard let entry = readdir(handle) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath.Component(platformString: $0) }
            }
            if let name, name.kind == .regular { names.append(name) }
        }
        guard CLinux.__errno_location().pointee == 0 else { throw POSIXError.last("list", folder) }
        return names.sorted { left, right in
            left.withPlatformString { left in right.withPlatformString { right in strcmp(left, right) < 0 } }
        }
    }

    /// Creates a folder and its missing parents; leaves an existing one unchanged.
    package static func makeFolder(_ path: FilePath, mode: UInt32 = 0o755) throws(POSIXError) {
        if path.withPlatformString({ mkdir($0, mode) }) == 0 { return }
        let reason = Errno(rawValue: CLinux.__errno_location().pointee)
        if reason == .fileExists {
            if try FileStatus(path, followingLinks: true).kind == .directory { return }
            throw POSIXError("make folder", path, .notDirectory)
        }
        let parent = path.removingLastComponent()
        guard reason == .noSuchFileOrDirectory, !parent.isEmpty, parent != path
        else { throw POSIXError("make folder", path, reason) }
        try makeFolder(parent, mode: mode)
        guard path.withPlatformString({ mkdir($0, mode) }) == 0 || exists(path) else {
            throw POSIXError.last("make folder", path)
        }
    }

    /// Creates an empty folder with a random name in `parent` that only this user can enter.
    package static func makeTemporaryFolder(in parent: FilePath, prefix: String) throws(POSIXError) -> FilePath {
        var template = Array(parent.appending("\(prefix)XXXXXX").string.utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXError.last("make a temporary folder in", parent) }
        return FilePath(platformString: made)
    }

    /// Renames a file and replaces an existing target; with `sync`, the new name is on disk on return.
    package static func rename(_ from: FilePath, to: FilePath, sync: Bool = false) throws(POSIXError) {
        let result = from.withPlatformString { from in to.withPlatformString { to in CLinux.rename(from, to) } }
        guard result == 0 else { throw POSIXError.last("rename to", to) }
        if sync { try syncFolder(to.removingLastComponent()) }
    }

    /// Waits until the names in a folder are on disk.
    package static func syncFolder(_ folder: FilePath) throws(POSIXError) {
        try File(folder.isEmpty ? "." : folder, .read).sync()
    }

    /// Creates a hard link; returns false where the file system does not support it or the paths are on different ones.
    package static func link(_ existing: FilePath, as new: FilePath) throws(POSIXError) -> Bool {
        let result = existing.withPlatformString { old in new.withPlatformString { CLinux.link(old, $0) } }
        if result == 0 { return true }
        let reason = Errno(rawValue: CLinux.__errno_location().pointee)
        if [.improperLink, .notPermitted, .tooManyLinks, .notSupported].contains(reason) { return false }
        throw POSIXError("link", new, reason)
    }

    /// Removes a file's name; does nothing where there is none.
    package static func remove(_ path: FilePath) throws(POSIXError) {
        guard path.withPlatformString({ unlink($0) }) == 0 else {
            if CLinux.__errno_location().pointee == ENOENT { return }
            throw POSIXError.last("remove", path)
        }
    }

    /// Removes a file, or a folder with everything in it; removes symbolic links without following them.
    package static func removeTree(_ path: FilePath) throws(POSIXError) {
        let status: FileStatus
        do throws(POSIXError) { status = try FileStatus(path) } catch {
            if error.errno == .noSuchFileOrDirectory { return }
            throw error
        }
        guard status.kind == .directory else { return try remove(path) }
        if status.mode & 0o700 != 0o700 { _ = path.withPlatformString { chmod($0, 0o700) } }
        for name in try names(in: path) { try removeTree(path.appending(name)) }
        guard path.withPlatformString({ rmdir($0) }) == 0 else { throw POSIXError.last("remove", path) }
    }

    /// Returns the target of a symbolic link.
    package static func readLink(_ path: FilePath) throws(POSIXError) -> FilePath {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = path.withPlatformString { readlink($0, &buffer, buffer.count - 1) }
        guard count >= 0 else { throw POSIXError.last("read link", path) }
        return FilePath(platformString: buffer)
    }

    package static func makeSymbolicLink(_ path: FilePath, to target: FilePath) throws(POSIXError) {
        let result = target.withPlatformString { target in path.withPlatformString { symlink(target, $0) } }
        guard result == 0 else { throw POSIXError.last("make link", path) }
    }

    /// Sets the permission bits, regardless of the umask.
    package static func setMode(_ path: FilePath, _ mode: UInt32) throws(POSIXError) {
        guard path.withPlatformString({ chmod($0, mode) }) == 0 else {
            throw POSIXError.last("change the mode of", path)
        }
    }

    /// Adds execute permission for every class that has read permission.
    package static func makeExecutable(_ path: FilePath) throws(POSIXError) {
        let mode = try FileStatus(path, followingLinks: true).mode
        try setMode(path, mode | (mode & 0o444) >> 2)
    }

    /// Sets the access time to now, and leaves the modification time unchanged.
    package static func setAccessed(_ path: FilePath) throws(POSIXError) {
        var times = [timespec(tv_sec: 0, tv_nsec: caas_time_now), timespec(tv_sec: 0, tv_nsec: caas_time_omit)]
        guard path.withPlatformString({ utimensat(AT_FDCWD, $0, &times, 0) }) == 0 else {
            throw POSIXError.last("note the use of", path)
        }
    }

    /// Sets the modification time, in nanoseconds since 1970.
    package static func setModified(_ path: FilePath, nanoseconds: Int64) throws(POSIXError) {
        let billion: Int64 = 1_000_000_000
        let rest = (nanoseconds % billion + billion) % billion
        var times = [
            timespec(tv_sec: 0, tv_nsec: caas_time_omit),
            timespec(tv_sec: Int((nanoseconds - rest) / billion), tv_nsec: Int(rest)),
        ]
        guard path.withPlatformString({ utimensat(AT_FDCWD, $0, &times, 0) }) == 0 else {
            throw POSIXError.last("change the time of", path)
        }
    }

    /// Returns the path without symbolic links, `.` and `..`; every component must exist.
    package static func realPath(_ path: FilePath) throws(POSIXError) -> FilePath {
        guard let text = path.withPlatformString({ realpath($0, nil) }) else {
            throw POSIXError.last("resolve", path)
        }
        defer { free(text) }
        return FilePath(platformString: text)
    }

    /// Returns the bytes that an unprivileged user may still write on the file system of `path`.
    package static func freeBytes(at path: FilePath) throws(POSIXError) -> Int64 { try space(at: path).free }

    /// Returns the bytes that an unprivileged user may still write on the file system of `path`, and those that it has.
    package static func space(at path: FilePath) throws(POSIXError) -> (free: Int64, total: Int64) {
        var raw = statvfs()
        guard path.withPlatformString({ statvfs($0, &raw) }) == 0 else { throw POSIXError.last("examine", path) }
        return (Int64(raw.f_bavail) * Int64(raw.f_frsize), Int64(raw.f_blocks) * Int64(raw.f_frsize))
    }

    /// Changes the working directory of the whole process.
    package static func changeFolder(to path: FilePath) throws(POSIXError) {
        guard path.withPlatformString({ chdir($0) }) == 0 else { throw POSIXError.last("enter", path) }
    }
}
