private import CLinux

/// What PID 1 does to itself before anything else.
public enum ProcessHardening {
    /// Keeps other processes of the same user from reading this one's memory and environment; where this is not PID 1,
    /// makes it the one that orphans below it are given to.
    ///
    /// <https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html>
    public static func apply() {
        _ = caas_prctl(PR_SET_DUMPABLE, 0)
        if getpid() != 1 { _ = caas_prctl(PR_SET_CHILD_SUBREAPER, 1) }
        // Swift's runtime would start a program that prints a backtrace, where it finds one, and let it read our memory.
        // <https://github.com/swiftlang/swift/blob/main/docs/Backtracing.rst>
        for number in 1...31 { caas_reset_signal(Int32(number)) }
        // An image without NSS files or with strange ones must not decide how we find the bucket.
        _ = caas_look_up_hosts_by_files_and_dns()
    }
}
