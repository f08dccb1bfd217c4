private import CLinux
package import SystemPackage

/// Reading and writing of whole files.
extension FileSystem {
    /// Returns the content of a file of at most `limit` bytes.
    package static func read(_ path: FilePath, limit: Int = 64 << 20) throws(POSIXError) -> [UInt8] {
        let file = try File(path, .read)
        guard try file.status().kind != .directory else { throw POSIXError("read", path, .isDirectory) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try file.read(into: &chunk)
            if count == 0 { return content }
            guard content.count + count <= limit else { throw POSIXError("read", path, .fileTooLarge) }
            content.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a whole file under a temporary name and renames it: readers see either the old or the new content.
    ///
    /// By default the mode obeys the umask, as with a shell's redirection. `exactly` sets the mode regardless of the
    /// umask, for files that other users must be able to use, as in a container. Private files never get additional
    /// read permission.
    ///
    /// With `sync` the content and the name are on disk on return, for data that cannot be created again.
    package static func write(
        _ content: [UInt8], to path: FilePath, mode: UInt32 = 0o666, exactly: Bool = false, sync: Bool = false
    ) throws(POSIXError) {
        let temporary = temporaryPath(beside: path)
        do throws(POSIXError) {
            let file = try File(temporary, .create(mode: mode))
            try file.write(content)
            if exactly { try file.setMode(mode) }
            if sync { try file.sync() }
            try rename(temporary, to: path, sync: sync)
        } catch {
            try? remove(temporary)
            throw error
        }
    }

    /// Returns the time that a file gets that is written into a folder now, in nanoseconds since 1970.
    ///
    /// It can lie before `SystemClock`'s: the kernel's clock for files advances in steps of up to 10 ms, and a network
    /// file system has a clock of its own. <https://docs.kernel.org/filesystems/multigrain-ts.html>
    package static func time(in folder: FilePath) throws(POSIXError) -> Int64 {
        let path = temporaryPath(beside: folder.appending("time"))
        let file = try File(path, .create(mode: 0o600))
        defer { try? remove(path) }
        return try file.status().modified
    }

    /// Returns a unique path next to `path`, with the process ID and a random number in the name.
    package static func temporaryPath(beside path: FilePath) -> FilePath {
        let name = path.lastComponent?.string ?? "file"
        return path.removingLastComponent().appending(".\(name).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp")
    }
}
