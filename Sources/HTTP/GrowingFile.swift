package import POSIX
private import Synchronization
package import SystemPackage

/// A file that is still being written and is sent as it grows.
///
/// The writer never waits for the sender: bytes not sent yet are in the file.
package final class GrowingFile: Sendable {
    private struct State {
        var size: Int64 = 0
        var isEnded = false
        var isAbandoned = false
        /// Resumes a sender that found nothing to send.
        var wake: (@Sendable () -> Void)?
    }

    /// The result of a read.
    enum Content {
        case bytes(Int)
        case nothingYet
        case end
        case abandoned
    }

    private let file: BodyFile
    private let state = Mutex(State())

    /// Opens a file that is still empty; it may be renamed while it is sent.
    package init(_ path: FilePath) throws(POSIXError) { file = try BodyFile(path) }

    /// Sets the number of bytes that the file has by now.
    package func grow(to size: Int64) { change { $0.size = size } }

    /// Marks the file as complete.
    package func end() { change { $0.isEnded = true } }

    /// Marks the file as abandoned, unless it is complete already: the bytes sent of it are worthless.
    package func abandon() { change { $0.isAbandoned = !$0.isEnded } }

    private func change(_ body: (inout sending State) -> Void) {
        let wake = state.withLock { state in
            body(&state)
            return state.wake.take()
        }
        wake?()
    }

    /// Reads at most as many bytes as fit from an offset; where there are none yet, calls `wake` once there are.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, orWake wake: @escaping @Sendable () -> Void
    ) throws(POSIXError) -> Content {
        let (available, other) = state.withLock { state -> (Int64, Content) in
            if state.isAbandoned { return (0, .abandoned) }
            if state.size > offset { return (state.size - offset, .end) }
            if state.isEnded { return (0, .end) }
            state.wake = wake
            return (0, .nothingYet)
        }
        guard available > 0 else { return other }
        let room = Int(min(Int64(buffer.count), available))
        return .bytes(try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]), at: offset))
    }
}
