import CLinux

/// The meaning of a signal to PID 1.
///
/// The image's STOPSIGNAL, the runtime's settings or a cluster decide which signal stops a container. SIGTERM, SIGINT,
/// SIGQUIT, SIGUSR1, SIGWINCH, SIGRTMIN+3 and others are all in use. Each signal that a process sends and that has no
/// other meaning is therefore a request to stop. <https://man7.org/linux/man-pages/man7/signal.7.html>
enum SignalMeaning: Sendable, Hashable {
    /// Upload what is finished, and exit.
    case stop
    /// Forward to the children; it has no meaning for PID 1.
    case pass
    case nothing

    /// Creates the meaning of a signal; `sender` is a process ID, 0 outside the container, -1 for the kernel.
    init(_ number: Int32, from sender: Int32) {
        switch number {
        case ...0, SIGCHLD, SIGCONT, SIGURG, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU: self = .nothing
        // The kernel sends it if a terminal changes its size.
        case SIGWINCH where sender == -1: self = .pass
        // Other threads wake the main thread with it.
        case caas_first_realtime_signal() where sender == getpid(): self = .nothing
        default: self = .stop
        }
    }
}
