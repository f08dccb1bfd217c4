import CLinux
private import Synchronization

/// How many files and connections this process may have open, which is more than what it was started with.
///
/// 1024 is what container runtimes give; strangers' connections and a checkpoint's files together are more than that.
package enum DescriptorLimit {
    private static let atStart = Mutex(rlimit())

    /// Raises the soft limit to the hard one; first of all, while nothing else is open.
    package static func raise() {
        var limit = rlimit()
        guard caas_get_descriptor_limit(&limit) == 0 else { return }
        atStart.withLock { $0 = limit }
        limit.rlim_cur = limit.rlim_max
        // Old kernels refuse more than fs.nr_open to those who may not raise it; then it stays as it was.
        _ = caas_set_descriptor_limit(&limit)
    }

    /// What this process was given; programs that use select(2) break with more than 1024.
    static var ofChildren: rlimit { atStart.withLock { $0 } }

    /// What it has now.
    static var count: Int {
        var limit = rlimit()
        guard caas_get_descriptor_limit(&limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }
}
