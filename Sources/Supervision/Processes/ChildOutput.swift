import CLinux
private import POSIX
private import Synchronization
private import SystemPackage

/// Reads what a child prints on a thread that does nothing else meanwhile.
final class ChildOutput: Sendable {
    private struct State {
        var isEnded = false
        var stopAt: ContinuousClock.Instant?
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Takes over the descriptor and hands everything to `receive`, then an empty array at the end.
    init(of child: ChildProcess, receive: @escaping @Sendable ([UInt8]) -> Void) {
        let descriptor = child.output
        // One that is kept for this: where there are no more threads, a child must not wait for a reader.
        BlockingThread.begin { [self] in
            let file = File(owning: descriptor, path: "a child's output")
            read(file, receive)
            receive([])
            let waiting = state.withLock { state in
                state.isEnded = true
                return state.waiting.take()
            }
            waiting?.resume()
        }
    }

    /// Waits for the end of the output; processes that outlive the child and hold it open are not waited for long.
    func finish(within patience: Duration = .seconds(2)) async {
        await withCheckedContinuation { continuation in
            let isEnded = state.withLock { state in
                state.stopAt = ContinuousClock.now + patience
                if !state.isEnded { state.waiting = continuation }
                return state.isEnded
            }
            if isEnded { continuation.resume() }
        }
    }

    private func read(_ file: borrowing File, _ receive: ([UInt8]) -> Void) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            var waiting = pollfd(fd: file.descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, 200) > 0 {
                guard let count = try? file.read(into: chunk), count > 0 else { return }
                receive(Array(chunk.prefix(count)))
            }
            if let stopAt = state.withLock({ $0.stopAt }), ContinuousClock.now >= stopAt { return }
        }
    }
}
