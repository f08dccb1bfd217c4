import CLinux
private import POSIX
private import Synchronization
private import SystemPackage

/// Reads a child's output on a dedicated thread.
final class ChildOutput: Sendable {
    private struct State {
        var isEnded = false
        var isGivenUp = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Takes ownership of the child's descriptor; passes all output to `receive`, then an empty array.
    init(of child: ChildProcess, receive: @escaping @Sendable ([UInt8]) -> Void) {
        let descriptor = child.output
        // Uses a thread kept for this purpose: if no more threads can be created, a child must not wait for a reader.
        BlockingThread.begin { [self] in
            let file = File(owning: descriptor, path: "a child's output")
            read(file, receive)
            receive([])
            state.withLock { $0.isEnded = true }
            resume()
        }
    }

    /// Waits for the end of the output, for at most `patience`.
    ///
    /// Processes that outlive the child keep the output open. It is read for as long as they do.
    func finish(within patience: Duration = .seconds(2)) async {
        state.withLock { $0.isGivenUp = false }
        let limit = Task { [self] in
            try await Task.sleep(for: patience)
            state.withLock { $0.isGivenUp = true }
            resume()
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                let isOver = state.isEnded || state.isGivenUp
                if !isOver { state.waiting = continuation }
                return isOver
            }
            if isOver { continuation.resume() }
        }
        limit.cancel()
    }

    private func resume() { state.withLock { $0.waiting.take() }?.resume() }

    private func read(_ file: borrowing File, _ receive: ([UInt8]) -> Void) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { chunk.deallocate() }
        while let count = try? file.read(into: chunk), count > 0 { receive(Array(chunk.prefix(count))) }
    }
}
