import CLinux
private import POSIX
import Synchronization

/// Writes lines to standard output on a separate thread, so that a slow reader blocks no other thread.
package final class ContainerOutput: Sendable {
    private static let mostBytes = 4 << 20

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    private let state = Mutex(State())
    private let wakeUp = ThreadSemaphore()

    /// Starts the writing thread.
    package init() { BlockingThread.start { [self] in writeForever() } }

    /// Adds a line; if more than a few megabytes wait, drops and counts it instead.
    func write(_ line: String) {
        let isFirst = state.withLock { state in
            guard state.waiting.count < Self.mostBytes else {
                state.dropped += 1
                return false
            }
            let isFirst = state.waiting.isEmpty
            state.waiting.append(contentsOf: line.utf8)
            state.waiting.append(UInt8(ascii: "\n"))
            return isFirst
        }
        if isFirst { wakeUp.post() }
    }

    /// Waits up to `seconds` until everything is written; for the last lines before the exit.
    package func flush(within seconds: Double = 2) {
        for _ in 0..<Int(seconds * 100) {
            if state.withLock({ $0.waiting.isEmpty && !$0.isWriting }) { return }
            usleep(10_000)
        }
    }

    private func writeForever() {
        while true {
            wakeUp.wait()
            let bytes: [UInt8] = state.withLock { state in
                var bytes = state.waiting
                if state.dropped > 0 { bytes += Array("caas: \(state.dropped) lines were not shown here\n".utf8) }
                state.waiting = []
                state.dropped = 0
                state.isWriting = true
                return bytes
            }
            write(bytes)
            state.withLock { $0.isWriting = false }
        }
    }

    private func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let count = CLinux.write(1, part.baseAddress, part.count)
                // Without a reader the lines are discarded; the log in the bucket and the page are unaffected.
                if count < 0 && CLinux.__errno_location().pointee != EINTR { return }
                rest = rest.dropFirst(max(0, count))
            }
        }
    }
}
