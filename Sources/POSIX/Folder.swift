private import CLinux
private import Glibc
package import SystemPackage

/// An open folder, whose names are used without following symbolic links.
///
/// A path through several folders is walked one name at a time, so that no link in it can lead elsewhere. It is a
/// class, so that a walk can keep several folders open.
package final class Folder: Sendable {
    /// The path at opening, for error messages.
    package let path: FilePath
    let descriptor: Int32

    /// Opens a folder; follows symbolic links on the way to it.
    package init(_ path: FilePath) throws(POSIXError) {
        descriptor = path.withPlatformString { text in
            retrying { caas_open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        }
        self.path = path
        guard descriptor >= 0 else { throw POSIXError.last("open", path) }
    }

    init(descriptor: Int32, path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// A path to the folder that stays valid after a rename, and is short regardless of the folder's depth.
    var descriptorPath: FilePath { FilePath("/proc/self/fd/\(descriptor)") }

    private func call(
        _ action: String, _ name: FilePath.Component, _ body: (UnsafePointer<CChar>) -> Int32
    ) throws(POSIXError) {
        guard name.withPlatformString(body) == 0 else { throw POSIXError.last(action, path.appending(name)) }
    }

    /// Opens a subfolder.
    package func folder(_ name: FilePath.Component) throws(POSIXError) -> Folder {
        let opened = name.withPlatformString { text in
            retrying { caas_openat(descriptor, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0) }
        }
        guard opened >= 0 else { throw POSIXError.last("open", path.appending(name)) }
        return Folder(descriptor: opened, path: path.joined(name))
    }

    /// Creates a file for writing; it must not exist yet.
    package func create(_ name: FilePath.Component, mode: UInt32) throws(POSIXError) -> File {
        let opened = name.withPlatformString { text in
            retrying {
                caas_openat(descriptor, text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            }
        }
        guard opened >= 0 else { throw POSIXError.last("make", path.appending(name)) }
        return File(owning: opened, path: path.joined(name))
    }

    /// Opens a file for reading.
    package func open(_ name: FilePath.Component) throws(POSIXError) -> File {
        let opened = name.withPlatformString { text in
            retrying { caas_openat(descriptor, text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0) }
        }
        guard opened >= 0 else { throw POSIXError.last("open", path.appending(name)) }
        return File(owning: opened, path: path.joined(name))
    }

    /// Returns the status of a name; nil where there is none.
    package func status(_ name: FilePath.Component) throws(POSIXError) -> FileStatus? {
        try name.withPlatformString { text in
            Result { () throws(POSIXError) in try status(text, named: { path.appending(name) }) }
        }.get()
    }

    /// Returns the status of a name; nil where there is none.
    ///
    /// `path` is the file in the error.
    func status(_ name: UnsafePointer<CChar>, named path: () -> FilePath) throws(POSIXError) -> FileStatus? {
        do throws(Errno) {
            return FileStatus(
                try Stat(name, relativeTo: FileDescriptor(rawValue: descriptor), flags: .symlinkNoFollow))
        } catch {
            guard error == .noSuchFileOrDirectory else { throw POSIXError("examine", path(), error) }
            return nil
        }
    }

    /// Returns the target of a symbolic link in this folder.
    package func readLink(_ name: FilePath.Component) throws(POSIXError) -> FilePath {
        FilePath(platformString: try readLinkBytes(name).map { CChar(bitPattern: $0) } + [0])
    }

    /// Returns the target of a symbolic link as bytes: FilePath would drop a trailing slash.
    package func readLinkBytes(_ name: FilePath.Component) throws(POSIXError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = name.withPlatformString { name in
            buffer.withUnsafeMutableBytes { bytes -> Int in
                guard let start = bytes.baseAddress else { return -1 }
                return readlinkat(descriptor, name, start.assumingMemoryBound(to: CChar.self), bytes.count)
            }
        }
        guard count >= 0 else { throw POSIXError.last("read link", path.appending(name)) }
        return Array(buffer[..<count])
    }

    package func makeFolder(_ name: FilePath.Component, mode: UInt32) throws(POSIXError) {
        try call("make folder", name) { mkdirat(descriptor, $0, mode) }
    }

    /// Creates a symbolic link in this folder; its target may be any bytes.
    package func makeSymbolicLink(_ name: FilePath.Component, to target: [UInt8]) throws(POSIXError) {
        try call("make link", name) { name in
            (target + [0]).withUnsafeBufferPointer { buffer in
                buffer.withMemoryRebound(to: CChar.self) { text in
                    text.baseAddress.map { symlinkat($0, descriptor, name) } ?? -1
                }
            }
        }
    }

    package func makeFIFO(_ name: FilePath.Component, mode: UInt32) throws(POSIXError) {
        try call("make FIFO", name) { mkfifoat(descriptor, $0, mode) }
    }

    /// Creates a hard link in this folder to a file in another one.
    package func link(
        _ existing: FilePath.Component, in other: Folder, as name: FilePath.Component
    ) throws(POSIXError) {
        try call("link", name) { name in
            existing.withPlatformString { linkat(other.descriptor, $0, descriptor, name, 0) }
        }
    }

    /// Sets the owner of a name; does not follow a symbolic link.
    package func setOwner(_ name: FilePath.Component, user: UInt32, group: UInt32) throws(POSIXError) {
        try call("change the owner of", name) { fchownat(descriptor, $0, user, group, AT_SYMLINK_NOFOLLOW) }
    }

    /// Sets the access and modification times; does not follow a symbolic link.
    package func setModified(_ name: FilePath.Component, seconds: Int64) throws(POSIXError) {
        let times = [timespec(tv_sec: Int(seconds), tv_nsec: 0), timespec(tv_sec: Int(seconds), tv_nsec: 0)]
        try call("change the time of", name) { utimensat(descriptor, $0, times, AT_SYMLINK_NOFOLLOW) }
    }

    /// Sets this folder's own owner, mode and times; nil leaves the owner unchanged.
    package func setAttributes(
        owner: (user: UInt32, group: UInt32)?, mode: UInt32, modifiedSeconds: Int64
    ) throws(POSIXError) {
        let times = [
            timespec(tv_sec: Int(modifiedSeconds), tv_nsec: 0), timespec(tv_sec: Int(modifiedSeconds), tv_nsec: 0),
        ]
        if let owner, fchown(descriptor, owner.user, owner.group) != 0 {
            throw POSIXError.last("change the owner of", path)
        }
        guard fchmod(descriptor, mode) == 0 else { throw POSIXError.last("change the mode of", path) }
        guard futimens(descriptor, times) == 0 else { throw POSIXError.last("change the time of", path) }
    }

    /// Returns the names in this folder in byte order.
    package func names() throws(POSIXError) -> [FilePath.Component] {
        try FileSystem.names(in: descriptorPath)
    }

    /// Removes a name with everything below it; removes symbolic links without following them.
    package func removeTree(_ name: FilePath.Component) throws(POSIXError) {
        guard let status = try status(name) else { return }
        guard status.kind == .directory else { return try call("remove", name) { unlinkat(descriptor, $0, 0) } }
        let folder = try folder(name)
        for child in try folder.names() { try folder.removeTree(child) }
        try call("remove", name) { unlinkat(descriptor, $0, AT_REMOVEDIR) }
    }
}

extension File {
    package func setOwner(user: UInt32, group: UInt32) throws(POSIXError) {
        guard fchown(descriptor, user, group) == 0 else { throw POSIXError.last("change the owner of", path) }
    }

    /// Sets the access and modification times, in seconds since 1970.
    package func setModified(seconds: Int64) throws(POSIXError) {
        let times = [timespec(tv_sec: Int(seconds), tv_nsec: 0), timespec(tv_sec: Int(seconds), tv_nsec: 0)]
        guard futimens(descriptor, times) == 0 else { throw POSIXError.last("change the time of", path) }
    }

    /// Sets an extended attribute such as `security.capability`; returns false where the kernel refuses it.
    package func setExtendedAttribute(_ name: String, _ value: [UInt8]) -> Bool {
        fsetxattr(descriptor, name, value, value.count, 0) == 0
    }

    /// Makes this file share another's blocks (copy-on-write); returns false where the file system cannot.
    package func reflink(from other: borrowing File) -> Bool { caas_reflink(descriptor, other.descriptor) == 0 }
}

extension FilePath {
    /// Returns the path with a name or relative path appended at once: FilePath.append works byte by byte.
    ///
    /// Returns a path that exceeds PATH_MAX unchanged: the result is only used in messages.
    func joined(_ bytes: UnsafeBufferPointer<CChar>) -> FilePath {
        guard length < Int(PATH_MAX) else { return self }
        return withPlatformString { start in
            var text = Array(UnsafeBufferPointer(start: start, count: strlen(start)))
            if text.last != CChar(UInt8(ascii: "/")) { text.append(CChar(UInt8(ascii: "/"))) }
            return FilePath(platformString: text + bytes + [0])
        }
    }

    func joined(_ name: Component) -> FilePath {
        name.withPlatformString { joined(UnsafeBufferPointer(start: $0, count: strlen($0))) }
    }
}
