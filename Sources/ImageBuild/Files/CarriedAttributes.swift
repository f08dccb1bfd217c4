import ByteText

/// Which extended attributes of a file on this machine belong to the file, and go with it.
enum CarriedAttributes {
    /// What tells about this machine rather than about the file: an overlay's bookkeeping of a rootless container, and
    /// where a browser got a file from.
    ///
    /// <https://docs.kernel.org/filesystems/overlayfs.html#user-xattr>,
    /// <https://www.freedesktop.org/wiki/CommonExtendedAttributes/>
    private static let localPrefixes = [
        "user.overlay.", "user.xdg.origin.", "user.xdg.referrer.", "user.fuseoverlayfs.",
    ]

    /// Access control lists, which say more about rights than the mode does, and come along where the mode does.
    private static let accessControlLists = ["system.posix_acl_access", "system.posix_acl_default"]

    /// `trusted.*` is bookkeeping of overlays and the administrator's own, `security.*` but for capabilities the labels of
    /// this machine's policy (SELinux, Smack, IMA). <https://man7.org/linux/man-pages/man7/xattr.7.html>
    static func isCarried(_ name: String, withModes: Bool) -> Bool {
        if name.hasPrefix(bytes: "user.") { return !localPrefixes.contains { name.hasPrefix(bytes: $0) } }
        return name == "security.capability" || (withModes && accessControlLists.contains(name))
    }
}
