private import CLinux
package import SystemPackage
import Wording

/// Mount operations in this process's mount namespace.
///
/// Source: <https://man7.org/linux/man-pages/man2/mount.2.html>.
package enum Mount {
    /// Mount flags that restrict access.
    package struct Restrictions: OptionSet, Sendable {
        /// The kernel's `MS_` flags.
        package let rawValue: UInt

        package init(rawValue: UInt) { self.rawValue = rawValue }

        package static let readOnly = Restrictions(rawValue: UInt(MS_RDONLY))
        /// Ignores set-user-ID and set-group-ID bits.
        package static let noSetuid = Restrictions(rawValue: UInt(MS_NOSUID))
        /// Device nodes cannot be opened.
        package static let noDevices = Restrictions(rawValue: UInt(MS_NODEV))
        /// No file can be executed as a program.
        package static let noPrograms = Restrictions(rawValue: UInt(MS_NOEXEC))
    }

    /// Makes all mounts private, so that this process's mounts do not propagate to other namespaces.
    package static func makePrivate() throws {
        try call("keep mounts private below", "/", nil, nil, UInt(MS_REC | MS_PRIVATE), "")
    }

    /// Mounts a file system that needs no device, such as `tmpfs` or `overlay`.
    package static func make(
        _ kind: String, at place: FilePath, options: String = "", _ restrictions: Restrictions = []
    ) throws {
        try call("mount \(kind) at", place, kind, kind, restrictions.rawValue, options)
    }

    /// Bind-mounts a file or folder at a second place; `recursive` includes the mounts below it.
    package static func bind(_ source: FilePath, at place: FilePath, recursive: Bool = false) throws {
        try call("mount \(source) at", place, source.string, nil, UInt(MS_BIND) | (recursive ? UInt(MS_REC) : 0), "")
    }

    /// Remounts a bind mount with these restrictions; its other restrictions stay.
    package static func restrict(_ place: FilePath, _ restrictions: Restrictions) throws {
        let bits = UInt(MS_BIND | MS_REMOUNT) | restrictions.rawValue
        try call("restrict the mount at", place, nil, nil, bits, "")
    }

    /// Makes all mounts at and below a place read-only; returns false if the kernel cannot (before 5.12).
    package static func makeReadOnly(everythingAt place: FilePath) -> Bool {
        place.withPlatformString { caas_mount_read_only($0) } == 0
    }

    /// Unmounts the topmost mount at a place; a busy one disappears when its last user ends.
    package static func remove(_ place: FilePath) throws {
        guard place.withPlatformString({ umount2($0, Int32(caas_unmount_detach)) }) == 0 else {
            throw Failure("unmount \(place)", "\(Errno(rawValue: CLinux.__errno_location().pointee))")
        }
    }

    private static func call(
        _ action: String, _ place: FilePath, _ source: String?, _ kind: String?, _ flags: UInt, _ options: String
    ) throws {
        let result = place.withPlatformString { place in
            options.withCString { options in
                CLinux.mount(source ?? "none", place, kind, flags, options)
            }
        }
        guard result == 0 else {
            throw Failure("\(action) \(place)", "\(Errno(rawValue: CLinux.__errno_location().pointee))")
        }
    }
}
