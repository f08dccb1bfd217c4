import CLinux
private import Synchronization

/// The limit on open file descriptors, which is raised above the one at the start.
///
/// Container runtimes set 1024, which is too low for external connections and a checkpoint's files together.
package enum DescriptorLimit {
    private static let atStart = Mutex(rlimit())

    /// Raises the soft limit to the hard one; call it first, while nothing else is open.
    package static func raise() {
        var limit = rlimit()
        guard caas_get_descriptor_limit(&limit) == 0 else { return }
        atStart.withLock { $0 = limit }
        limit.rlim_cur = limit.rlim_max
        // Old kernels refuse more than fs.nr_open without the privilege to raise it; the limit then remains unchanged.
        _ = caas_set_descriptor_limit(&limit)
    }

    /// The limit at the start, for children: programs that use select(2) break above 1024.
    static var ofChildren: rlimit { atStart.withLock { $0 } }

    /// The current limit.
    static var count: Int {
        var limit = rlimit()
        guard caas_get_descriptor_limit(&limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }
}
