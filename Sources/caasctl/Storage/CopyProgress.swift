import JSON
import ObjectStorage
import Synchronization
import Terminal
import Wording

/// Counts the files and bytes that are copied, and displays the progress.
final class CopyProgress: CopyObserver {
    private struct State {
        var files = 0
        var bytes: Int64 = 0
        var copied = 0
        var copiedBytes: Int64 = 0
        var unproved = 0
        var moving: [Int: Int64] = [:]
    }

    private let files: Int
    private let bytes: Int64
    private let started = ContinuousClock.now
    private let line = ProgressLine()
    private let state = Mutex(State())

    init(files: Int, bytes: Int64) {
        self.files = files
        self.bytes = bytes
    }

    /// Records how many bytes of a file were transferred so far.
    func moved(_ index: Int, _ bytes: Int64) {
        let (done, count) = state.withLock { state in
            state.moving[index] = bytes
            return (state.bytes + state.moving.values.reduce(0, +), state.files)
        }
        show(done, count)
    }

    /// Records a copied file, of which `moved` bytes were transferred.
    ///
    /// `isProved` is false where its content could not be compared with the source.
    func copied(_ index: Int, size: Int64, moved: Int64, isProved: Bool) {
        finish(index, size) { state in
            state.copied += 1
            state.copiedBytes += moved
            if !isProved { state.unproved += 1 }
        }
    }

    /// Records a file that was at the target already.
    func found(_ index: Int, size: Int64) { finish(index, size) { _ in } }

    private func finish(_ index: Int, _ size: Int64, _ note: (inout State) -> Void) {
        let (done, count) = state.withLock { state in
            state.moving[index] = nil
            state.files += 1
            state.bytes += size
            note(&state)
            return (state.bytes + state.moving.values.reduce(0, +), state.files)
        }
        show(done, count)
    }

    /// Records how many bytes of a file were compared with the target's copy so far.
    func checked(_ name: String, _ bytes: Int64, of size: Int64) {
        line.update("comparing \(name): \(ByteCount(bytes)) of \(ByteCount(size))")
    }

    private func show(_ done: Int64, _ count: Int) {
        line.update(
            "copied \(count) of \(files) files, \(ByteCount(done)) of \(ByteCount(bytes)), \(rate(done))"
                + remaining(done))
    }

    private var seconds: Double { max(0.001, (ContinuousClock.now - started) / .seconds(1)) }

    private func rate(_ bytes: Int64) -> String { "\(ByteCount(Int64(Double(bytes) / seconds)))/s" }

    private func remaining(_ done: Int64) -> String {
        guard done > 0, done < bytes, seconds > 2 else { return "" }
        let left = Int(seconds * Double(bytes - done) / Double(done))
        return left < 60 ? ", \(left) s left" : ", \(left / 60) min left"
    }

    /// Prints a one-line summary, and a warning where content could not be compared.
    func finish() {
        let state = state.withLock { $0 }
        let there = state.files - state.copied
        line.write(
            "copied \(state.copied) of \(files) files, \(ByteCount(state.copiedBytes)) in "
                + "\(Int(seconds.rounded())) s, \(rate(state.copiedBytes))"
                + (there > 0 ? "; \(there) there already" : ""))
        if state.unproved > 0 {
            line.write(
                "warning: of \(state.unproved) files the server's ETag says nothing that could be compared; they are whole "
                    + "as far as their length tells")
        }
    }

    func json(source: String, target: String) -> JSONValue {
        let state = state.withLock { $0 }
        return [
            "source": .string(source), "target": .string(target), "files": .integer(files), "bytes": .integer(bytes),
            "copied": .integer(state.copied), "copied_bytes": .integer(state.copiedBytes),
            "there": .integer(state.files - state.copied), "unproved": .integer(state.unproved),
            "seconds": .double((seconds * 1000).rounded() / 1000),
        ]
    }
}
