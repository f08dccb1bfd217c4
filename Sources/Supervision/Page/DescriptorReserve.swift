import CLinux
import NIOCore
import POSIX
import SystemPackage

/// A spare file descriptor for when there are no others.
///
/// It allows a connection to be accepted and closed. Otherwise the connection would remain in the backlog, with all
/// that follow it, for as long as the shortage lasts.
final class DescriptorReserve: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private var descriptor: Int32 = -1

    init() { take() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private func take() { descriptor = caas_open("/dev/null", O_RDONLY | O_CLOEXEC, 0) }

    /// Reopens the reserve if needed; returns true if it is available, so that a new connection may stay.
    func mayStay() -> Bool {
        restore()
        return descriptor >= 0
    }

    /// Reopens the reserve, after the connection that was accepted with it is closed.
    func restore() { if descriptor < 0 { take() } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError,
            [.tooManyOpenFiles, .tooManyOpenFilesInSystem].contains(Errno(rawValue: error.errnoCode))
        else { return context.fireErrorCaught(error) }
        Shortage.report("keep a connection to the page", Errno(rawValue: error.errnoCode))
        guard descriptor >= 0 else {
            // Another thread took the descriptor in between: wait, as for any other error of accept.
            take()
            return context.fireErrorCaught(error)
        }
        close(descriptor)
        descriptor = -1
    }
}
