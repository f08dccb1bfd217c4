private import CLinux

/// Who this process runs as.
public enum CurrentUser {
    /// The effective user's number; 0 is the administrator.
    public static var id: UInt32 { geteuid() }
    /// The effective group's number.
    public static var group: UInt32 { getegid() }
}
