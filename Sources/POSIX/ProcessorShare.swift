private import CLinux

/// A thread's share of busy processors.
package enum ProcessorShare: Sendable, Hashable {
    /// The normal share.
    case full
    /// A small share that is never zero, so that the thread always releases its locks.
    case little
    /// Only idle processor time: none at all, for any length of time, on a machine that is always busy.
    ///
    /// Such a thread takes no lock that other threads need, and another thread must be able to redo its work.
    case leftovers

    /// Gives the calling thread this share of the processors, and a similar one of the disk.
    ///
    /// It cannot be undone without privileges. <https://man7.org/linux/man-pages/man2/setpriority.2.html>; its
    /// "process" is a thread on Linux.
    package func take() {
        switch self {
        case .full: break
        case .little: caas_lighten_thread()
        case .leftovers: caas_lower_thread()
        }
    }
}
