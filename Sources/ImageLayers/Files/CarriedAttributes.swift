import ByteText

/// Decides which extended attributes of a file on this machine are copied into an image.
package enum CarriedAttributes {
    /// Attributes that describe this machine and not the file.
    ///
    /// They are the bookkeeping of a rootless container's overlay, and the URL that a browser downloaded a file from.
    ///
    /// <https://docs.kernel.org/filesystems/overlayfs.html#user-xattr>,
    /// <https://www.freedesktop.org/wiki/CommonExtendedAttributes/>
    private static let localPrefixes = [
        "user.overlay.", "user.xdg.origin.", "user.xdg.referrer.", "user.fuseoverlayfs.",
    ]

    /// Access control lists, which refine the permissions of the mode, and are copied only together with the mode.
    private static let accessControlLists = ["system.posix_acl_access", "system.posix_acl_default"]

    /// Returns whether an extended attribute is copied.
    ///
    /// Overlays and administrators use `trusted.*`. Apart from capabilities, `security.*` contains the labels of this
    /// machine's policy (SELinux, Smack, IMA).
    /// <https://man7.org/linux/man-pages/man7/xattr.7.html>
    package static func isCarried(_ name: String, withModes: Bool) -> Bool {
        if name.hasPrefix(bytes: "user.") { return !localPrefixes.contains { name.hasPrefix(bytes: $0) } }
        return name == "security.capability" || (withModes && accessControlLists.contains(name))
    }
}
