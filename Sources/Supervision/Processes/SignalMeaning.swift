import CLinux

/// What a signal to PID 1 asks for.
///
/// Which one a runtime stops a container with is for the image's STOPSIGNAL, for the runtime's own settings or for a
/// cluster to say: SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGWINCH, SIGRTMIN+3 and others are all in use. So each that
/// somebody sends and that has no other meaning asks to stop. <https://man7.org/linux/man-pages/man7/signal.7.html>
enum SignalMeaning: Sendable, Hashable {
    /// Bring into the bucket what there is, and end.
    case stop
    /// Only our children have a use for it.
    case pass
    case nothing

    /// `sender` is a process, 0 for one outside the container, -1 for the kernel.
    init(_ number: Int32, from sender: Int32) {
        switch number {
        case ...0, SIGCHLD, SIGCONT, SIGURG, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU: self = .nothing
        // A terminal that changes its size.
        case SIGWINCH where sender == -1: self = .pass
        // How other threads wake the main one.
        case caas_first_realtime_signal() where sender == getpid(): self = .nothing
        default: self = .stop
        }
    }
}
