import Hashing
import POSIX
import Synchronization

/// A thread that hashes several parts side by side, one piece of each in turn.
///
/// Its scheduling priority may be so low that other processes stop it at any point. It therefore takes no lock and, to
/// hash, allocates no memory: parts and hashes pass through lanes, which only their owner may touch. A semaphore wakes
/// it.
final class HashingThread: Sendable {
    /// The buffer size per lane in bytes: the pieces of all lanes together stay in the processor's cache until hashed.
    private static let piece = 128 << 10

    /// A slot for one of the parts hashed side by side.
    ///
    /// Only the side that `owner` names may touch it, which makes the unchecked conformance safe.
    private final class Lane: @unchecked Sendable {
        enum Owner: UInt8, AtomicRepresentable {
            /// The caller of ``HashingThread/give(_:)``: the lane is free, or its part is finished.
            case giver
            case thread
        }

        private let owner = Atomic(Owner.giver)
        var request: HashRequest?
        var position: Int64 = 0
        var md5: MD5?
        /// True where nothing is left to read, even if the part should be longer.
        var isThrough = false
        var failure: StorageError?
        let digest = UnsafeMutableRawBufferPointer.allocate(byteCount: SHA256.byteCount, alignment: 16)

        deinit { digest.deallocate() }

        var isGivers: Bool { owner.load(ordering: .acquiring) == .giver }
        var isIdle: Bool { isGivers && request == nil }
        func hand(to next: Owner) { owner.store(next, ordering: .releasing) }
    }

    let share: ProcessorShare
    private let lanes: [Lane] = (0..<SHA256Lanes.count).map { _ in Lane() }
    private let bell = ThreadSemaphore()
    private let onDone: @Sendable () -> Void
    private let isStopped = Atomic(false)
    /// Increases with each piece.
    private let pieces = Atomic(0)

    /// Starts the thread; it calls `onDone` whenever a part is finished.
    init(_ share: ProcessorShare, onDone: @escaping @Sendable () -> Void) {
        self.share = share
        self.onDone = onDone
        BlockingThread.start(share) { [self] in run() }
    }

    // MARK: Calls from the giver, one at a time

    /// The number of further parts that the thread can take.
    var idleCount: Int { lanes.count { $0.isIdle } }
    /// A counter that increases as long as the thread makes progress.
    var progress: Int { pieces.load(ordering: .relaxed) }
    /// The requests that the thread has been given and no thread has finished.
    var underWay: [HashRequest] { lanes.compactMap { $0.isGivers ? nil : $0.request }.filter { !$0.isOver } }

    func give(_ request: HashRequest) {
        guard let lane = lanes.first(where: { $0.isIdle }) else { fatalError("no lane is idle") }
        lane.request = request
        lane.position = 0
        lane.md5 = request.withMD5 ? MD5() : nil
        lane.isThrough = false
        lane.failure = nil
        lane.hand(to: .thread)
        bell.post()
    }

    /// Returns the results of finished parts to their requests, and frees their lanes.
    func collect() {
        for lane in lanes where lane.isGivers {
            guard let request = lane.request.take() else { continue }
            let md5 = lane.md5.take()?.finish()
            if let failure = lane.failure {
                request.end(.failure(failure))
            } else if lane.isThrough {
                request.end(.success(PartHashes(sha256: Array(lane.digest), md5: md5)))
            }
        }
    }

    /// Ends the thread once it has finished the parts that it has.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        bell.post()
    }

    // MARK: The thread

    private func run() {
        var sha256 = SHA256Lanes()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece * lanes.count, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            var isBusy = false
            for (index, lane) in lanes.enumerated() where !lane.isGivers {
                isBusy = true
                if lane.position == 0 { sha256.start(index) }
                advance(lane, index, &sha256, buffer)
            }
            guard isBusy else {
                if isStopped.load(ordering: .acquiring) { return }
                bell.wait()
                continue
            }
            sha256.update()
            pieces.add(1, ordering: .relaxed)
            for (index, lane) in lanes.enumerated() where !lane.isGivers { settle(lane, index, &sha256) }
        }
    }

    /// Reads a lane's next piece.
    private func advance(
        _ lane: Lane, _ index: Int, _ sha256: inout SHA256Lanes, _ buffer: UnsafeMutableRawBufferPointer
    ) {
        guard let request = lane.request, !request.isOver else { return }
        let length = Int(min(Int64(Self.piece), request.length - lane.position))
        let start = index * Self.piece
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + length])
        do throws(StorageError) {
            let bytes = try request.source.piece(into: room, at: request.offset + lane.position)
            sha256.lend(bytes, to: index)
            lane.md5?.update(bytes)
            lane.position += Int64(bytes.count)
            lane.isThrough = bytes.isEmpty || lane.position == request.length
            if bytes.isEmpty, length > 0 { try request.source.endsEarly() }
        } catch { lane.failure = error }
    }

    /// Returns a lane to the giver where nothing is left to do, also because another thread was first.
    private func settle(_ lane: Lane, _ index: Int, _ sha256: inout SHA256Lanes) {
        guard lane.isThrough || lane.failure != nil || lane.request?.isOver != false else { return }
        if lane.isThrough, lane.failure == nil { sha256.finish(index, into: lane.digest) }
        lane.hand(to: .giver)
        onDone()
    }
}
