package import POSIX
private import Synchronization
package import SystemPackage

/// A file that somebody still writes, whose bytes are sent as they come.
///
/// The writer never waits for whoever sends: what is not sent yet is in the file.
package final class GrowingFile: Sendable {
    private struct State {
        var size: Int64 = 0
        var isEnded = false
        var isAbandoned = false
        /// Tells whoever found nothing to send that there is something.
        var wake: (@Sendable () -> Void)?
    }

    /// What there is to send.
    enum Content {
        case bytes(Int)
        case nothingYet
        case end
        case abandoned
    }

    private let file: BodyFile
    private let state = Mutex(State())

    /// Opens a file that is empty yet; it may get another name while it is sent.
    package init(_ path: FilePath) throws(POSIXError) { file = try BodyFile(path) }

    /// Says that the file has so many bytes by now.
    package func grow(to size: Int64) { change { $0.size = size } }

    /// Says that the file is whole.
    package func end() { change { $0.isEnded = true } }

    /// Says that the file will never be whole, unless it is already: whatever was sent of it is worth nothing.
    package func abandon() { change { $0.isAbandoned = !$0.isEnded } }

    private func change(_ body: (inout sending State) -> Void) {
        let wake = state.withLock { state in
            body(&state)
            return state.wake.take()
        }
        wake?()
    }

    /// Reads at most as much as fits from an offset; where nothing is there yet, `wake` is called once something is.
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
