private import CLinux
private import POSIX
private import SystemPackage

/// The security settings that PID 1 applies to itself first.
package enum ProcessHardening {
    /// Keeps other processes of the same user from reading this process's memory and environment.
    ///
    /// A process other than PID 1 also becomes the parent of its orphaned descendants.
    /// <https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html>
    package static func apply() {
        _ = caas_prctl(PR_SET_DUMPABLE, 0)
        if getpid() != 1 { _ = caas_prctl(PR_SET_CHILD_SUBREAPER, 1) }
        // On a crash, Swift's runtime would start a backtrace program, if it finds one, and let it read this process's
        // memory. <https://github.com/swiftlang/swift/blob/main/docs/Backtracing.rst>
        for number in 1...31 { caas_reset_signal(Int32(number)) }
        // An image with missing or unusual NSS files must not decide how the bucket's host is looked up.
        _ = caas_look_up_hosts_by_files_and_dns()
    }

    /// The oom_score_adj of children, higher than this process's own.
    ///
    /// If memory runs out, the kernel kills the training before this process, which saves the training's results.
    /// <https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html>
    static let childScore: String = {
        let bytes = (try? FileSystem.read("/proc/self/oom_score_adj")) ?? []
        let own = Int(String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }) ?? 0
        return String(min(1000, own + 200))
    }()
}
