private import CLinux

/// What a thread gets of the processors where others want them too.
package enum ProcessorShare: Sendable, Hashable {
    /// As much as anybody.
    case full
    /// Little, but never nothing, so that whatever it holds is let go of.
    case little
    /// What nobody else wants: on a machine whose processors never rest that is nothing, for as long as it takes.
    ///
    /// Such a thread takes no lock that others may want, and whatever it began somebody else must be able to begin anew.
    case leftovers

    /// From now on the calling thread has this share of the processors, and a like one of the disk.
    ///
    /// There is no way back without privileges. <https://man7.org/linux/man-pages/man2/setpriority.2.html>, whose
    /// "process" is a thread on Linux.
    package func take() {
        switch self {
        case .full: break
        case .little: caas_lighten_thread()
        case .leftovers: caas_lower_thread()
        }
    }
}
