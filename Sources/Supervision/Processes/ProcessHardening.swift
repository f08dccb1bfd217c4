private import CLinux
private import POSIX
private import SystemPackage

/// What PID 1 does to itself before anything else.
package enum ProcessHardening {
    /// Keeps other processes of the same user from reading this one's memory and environment; where this is not PID 1,
    /// makes it the one that orphans below it are given to.
    ///
    /// <https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html>
    package static func apply() {
        _ = caas_prctl(PR_SET_DUMPABLE, 0)
        if getpid() != 1 { _ = caas_prctl(PR_SET_CHILD_SUBREAPER, 1) }
        // Swift's runtime would start a program that prints a backtrace, where it finds one, and let it read our memory.
        // <https://github.com/swiftlang/swift/blob/main/docs/Backtracing.rst>
        for number in 1...31 { caas_reset_signal(Int32(number)) }
        // An image without NSS files or with strange ones must not decide how we find the bucket.
        _ = caas_look_up_hosts_by_files_and_dns()
    }

    /// What children's oom_score_adj is: where memory runs out, the kernel ends what trains before what saves.
    ///
    /// <https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html>
    static let childScore: String = {
        let bytes = (try? FileSystem.read("/proc/self/oom_score_adj")) ?? []
        let own = Int(String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }) ?? 0
        return String(min(1000, own + 200))
    }()
}
