private import CLinux
package import SystemPackage

/// What is mounted where, in this process's mount namespace.
///
/// Source: <https://man7.org/linux/man-pages/man2/mount.2.html>.
package enum Mount {
    /// What a mount does not allow.
    package struct Restrictions: OptionSet, Sendable {
        /// The kernel's own bits.
        package let rawValue: UInt

        /// The kernel's own bits.
        package init(rawValue: UInt) { self.rawValue = rawValue }

        /// Writing.
        package static let readOnly = Restrictions(rawValue: UInt(MS_RDONLY))
        /// Programs that change who they are.
        package static let noSetuid = Restrictions(rawValue: UInt(MS_NOSUID))
        /// Devices: those in it are names and nothing more.
        package static let noDevices = Restrictions(rawValue: UInt(MS_NODEV))
        /// Running programs.
        package static let noPrograms = Restrictions(rawValue: UInt(MS_NOEXEC))
    }

    /// Keeps what this process mounts from everybody else.
    package static func makePrivate() throws(ContainerError) {
        try call("keep mounts private below", "/", nil, nil, UInt(MS_REC | MS_PRIVATE), "")
    }

    /// Mounts a file system that needs no device, such as `tmpfs` or `overlay`.
    package static func make(
        _ kind: String, at place: FilePath, options: String = "", _ restrictions: Restrictions = []
    ) throws(ContainerError) {
        try call("mount \(kind) at", place, kind, kind, restrictions.rawValue, options)
    }

    /// Makes a file or a folder visible at a second place, with what is mounted below it if said.
    package static func bind(
        _ source: FilePath, at place: FilePath, recursive: Bool = false
    ) throws(ContainerError) {
        try call("mount \(source) at", place, source.string, nil, UInt(MS_BIND) | (recursive ? UInt(MS_REC) : 0), "")
    }

    /// Changes what a mount allows, leaving what else restricts it.
    package static func restrict(_ place: FilePath, _ restrictions: Restrictions) throws(ContainerError) {
        let bits = UInt(MS_BIND | MS_REMOUNT) | restrictions.rawValue
        try call("restrict the mount at", place, nil, nil, bits, "")
    }

    /// Makes everything that is mounted at a place and below it read-only; false where the kernel cannot (before 5.12).
    package static func makeReadOnly(everythingAt place: FilePath) -> Bool {
        place.withPlatformString { caas_mount_read_only($0) } == 0
    }

    /// Takes away what was mounted last at a place, at once or when nobody uses it any more.
    package static func remove(_ place: FilePath) throws(ContainerError) {
        guard place.withPlatformString({ umount2($0, Int32(caas_unmount_detach)) }) == 0 else {
            throw ContainerError("unmount \(place)", "\(Errno(rawValue: CLinux.__errno_location().pointee))")
        }
    }

    private static func call(
        _ action: String, _ place: FilePath, _ source: String?, _ kind: String?, _ flags: UInt, _ options: String
    ) throws(ContainerError) {
        let result = place.withPlatformString { place in
            options.withCString { options in
                CLinux.mount(source ?? "none", place, kind, flags, options)
            }
        }
        guard result == 0 else {
            throw ContainerError("\(action) \(place)", "\(Errno(rawValue: CLinux.__errno_location().pointee))")
        }
    }
}
