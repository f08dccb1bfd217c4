import CLinux
import NIOCore
import POSIX
import SystemPackage

/// A descriptor kept for when there are no others: with it a connection is accepted and closed, where otherwise it would
/// stand in the backlog, with everybody behind it, for as long as the shortage lasts.
final class DescriptorReserve: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private var descriptor: Int32 = -1

    init() { take() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private func take() { descriptor = caas_open("/dev/null", O_RDONLY | O_CLOEXEC, 0) }

    /// True for a connection that was accepted without the reserve, or since the reserve is back all the same.
    func mayStay() -> Bool {
        restore()
        return descriptor >= 0
    }

    /// Takes it back, once the connection that was accepted with it is closed.
    func restore() { if descriptor < 0 { take() } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError,
            [.tooManyOpenFiles, .tooManyOpenFilesInSystem].contains(Errno(rawValue: error.errnoCode))
        else { return context.fireErrorCaught(error) }
        Shortage.report("keep a connection to the page", Errno(rawValue: error.errnoCode))
        guard descriptor >= 0 else {
            // Somebody else took it in between: wait, as for every other reason that accept may have.
            take()
            return context.fireErrorCaught(error)
        }
        close(descriptor)
        descriptor = -1
    }
}
