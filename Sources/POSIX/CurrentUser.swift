private import CLinux

/// The user that this process runs as.
package enum CurrentUser {
    /// The effective user ID; 0 is root.
    package static var id: UInt32 { geteuid() }
    /// The effective group ID.
    package static var group: UInt32 { getegid() }
    /// The effective user's name; empty where the user database has none.
    package static var name: String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var text = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(id, &entry, &text, text.count, &found) == 0, found != nil, let name = entry.pw_name else {
            return ""
        }
        return String(cString: name)
    }
}
