import Hashing
import POSIX
import Synchronization

/// What a part was signed with.
struct PartHashes: Sendable {
    let sha256: [UInt8]
    let md5: [UInt8]?
}

/// A file whose parts are hashed.
protocol PartSource: Sendable {
    /// What is being done with it, for errors.
    var action: String { get }
    /// Reads at most as much as fits; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int
    /// Throws where the file may not end before a part of it does.
    func endsEarly() throws(StorageError)
}

extension PartSource {
    /// Reads at most as much as fits, and gives back what was read; nothing at the end.
    func piece(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(StorageError) -> UnsafeRawBufferPointer {
        do throws(POSIXError) {
            return UnsafeRawBufferPointer(rebasing: buffer[..<(try read(into: buffer, at: offset))])
        } catch { throw StorageError(error, doing: action) }
    }
}

/// Hashes parts of files on threads of its own, on each of them several parts side by side.
final class PartHasher: Sendable {
    struct Request: Sendable {
        let source: any PartSource
        let offset: Int64
        let length: Int64
        let withMD5: Bool
        let mayWait: Bool
        let continuation: CheckedContinuation<Result<PartHashes, StorageError>, Never>
    }

    private struct State {
        var waiting: [Request] = []
        /// Lanes in use on all the threads.
        var busy = 0
        var threads = 0

        /// False where what waits should wait for more.
        func isTime(_ areOthersReady: Bool) -> Bool {
            guard !waiting.isEmpty else { return false }
            return !areOthersReady || waiting.count >= SHA256Lanes.count || waiting.contains { !$0.mayWait }
        }
    }

    private let limits: TransferLimits
    private let areOthersReady: @Sendable () -> Bool
    private let mostThreads = Processors.count
    private let state = Mutex(State())

    /// `areOthersReady` says whether parts that are hashed wait to be sent.
    init(_ limits: TransferLimits, areOthersReady: @escaping @Sendable () -> Bool) {
        self.limits = limits
        self.areOthersReady = areOthersReady
    }

    /// So many parts beyond those that are sent keep one thread's lanes full: some are ready while others come together.
    static var partsAhead: Int { max(4, 2 * SHA256Lanes.count) }

    /// SHA-256, and MD5 if asked, of a part of a file.
    ///
    /// What may wait is not begun as long as others are ready and more may come to be hashed beside it; whoever takes one
    /// that is ready calls ``start()``.
    func hash(
        _ source: any PartSource, offset: Int64, length: Int64, withMD5: Bool, mayWait: Bool = false
    ) async throws(StorageError) -> PartHashes {
        let result = await withCheckedContinuation { continuation in
            let request = Request(
                source: source, offset: offset, length: length, withMD5: withMD5, mayWait: mayWait,
                continuation: continuation)
            state.withLock { $0.waiting.append(request) }
            start()
        }
        return try result.get()
    }

    /// Begins with what waits, unless it should wait on, on one more thread where those that run have no lane left.
    func start() {
        let areOthersReady = areOthersReady()
        let isNeeded = state.withLock { state in
            guard state.threads < mostThreads, state.isTime(areOthersReady),
                state.busy + state.waiting.count > state.threads * SHA256Lanes.count
            else { return false }
            state.threads += 1
            return true
        }
        guard isNeeded else { return }
        let isBackground = limits.isBackground
        BlockingThread.begin(inBackground: isBackground) { [self] in work(inBackground: isBackground) }
    }

    private func work(inBackground isBackground: Bool) {
        var lanes = HashingLanes()
        while true {
            // A thread that yields to others cannot stop that: what is left is for one that does not.
            let isRight = limits.isBackground == isBackground
            let areOthersReady = areOthersReady()
            let isIdle = lanes.idleCount == SHA256Lanes.count
            let (taken, isOver) = state.withLock { state -> ([Request], Bool) in
                let mayTake = isRight && (!isIdle || state.isTime(areOthersReady))
                let taken = Array(state.waiting.prefix(mayTake ? lanes.idleCount : 0))
                state.waiting.removeFirst(taken.count)
                state.busy += taken.count
                let isOver = taken.isEmpty && isIdle
                if isOver { state.threads -= 1 }
                return (taken, isOver)
            }
            if isOver { break }
            for request in taken { lanes.begin(request) }
            let done = lanes.advance()
            guard !done.isEmpty else { continue }
            state.withLock { $0.busy -= done.count }
            for (request, result) in done { request.continuation.resume(returning: result) }
        }
        start()
    }
}
