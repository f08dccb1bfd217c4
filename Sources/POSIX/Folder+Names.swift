private import CLinux
package import SystemPackage

/// Creating, renaming and removing names in one folder.
extension Folder {
    /// Waits until the names in this folder are on disk.
    package func sync() throws(POSIXError) {
        guard retrying({ fsync(descriptor) }) == 0 else { throw POSIXError.last("sync", path) }
    }

    /// Opens a file for reading and writing, or creates it if `mode` is given; refuses a symbolic link.
    package func update(_ name: FilePath.Component, creating mode: UInt32? = nil) throws(POSIXError) -> File {
        let flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (mode == nil ? 0 : O_CREAT)
        let opened = name.withPlatformString { text in retrying { caas_openat(descriptor, text, flags, mode ?? 0) } }
        guard opened >= 0 else { throw POSIXError.last("open", path.appending(name)) }
        return File(owning: opened, path: path.joined(name))
    }

    /// Renames a file within this folder and replaces an existing target.
    package func rename(_ name: FilePath.Component, to other: FilePath.Component) throws(POSIXError) {
        let result = name.withPlatformString { name in
            other.withPlatformString { renameat(descriptor, name, descriptor, $0) }
        }
        guard result == 0 else { throw POSIXError.last("rename to", path.appending(other)) }
    }

    /// Removes a file's name; returns false where there is none.
    @discardableResult
    package func remove(_ name: FilePath.Component) throws(POSIXError) -> Bool {
        if name.withPlatformString({ unlinkat(descriptor, $0, 0) }) == 0 { return true }
        if CLinux.__errno_location().pointee == ENOENT { return false }
        throw POSIXError.last("remove", path.appending(name))
    }

    /// Removes an empty subfolder; returns false where it is not empty or not a folder.
    package func removeEmptyFolder(_ name: FilePath.Component) -> Bool {
        name.withPlatformString { unlinkat(descriptor, $0, AT_REMOVEDIR) } == 0
    }
}
