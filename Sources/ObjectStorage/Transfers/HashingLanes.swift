import Hashing
import POSIX

/// What one thread hashes side by side, a piece of each part in turn.
struct HashingLanes: ~Copyable {
    typealias Outcome = (request: PartHasher.Request, result: Result<PartHashes, StorageError>)

    /// The pieces of all lanes together stay in the processor's cache between the disk and the hash.
    private static let piece = 128 << 10

    private final class Lane {
        let request: PartHasher.Request
        var position: Int64 = 0
        var md5: MD5?

        init(_ request: PartHasher.Request) {
            self.request = request
            md5 = request.withMD5 ? MD5() : nil
        }
    }

    private var sha256 = SHA256Lanes()
    private var lanes: [Lane?] = Array(repeating: nil, count: SHA256Lanes.count)
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece * SHA256Lanes.count, alignment: 4096)

    deinit { buffer.deallocate() }

    /// How many more can begin.
    var idleCount: Int { lanes.count { $0 == nil } }

    /// Begins a part in an idle lane.
    mutating func begin(_ request: PartHasher.Request) {
        guard let index = lanes.firstIndex(where: { $0 == nil }) else { fatalError("no lane is idle") }
        lanes[index] = Lane(request)
        sha256.start(index)
    }

    /// Hashes the next piece of every part, and gives back those that are through.
    mutating func advance() -> [Outcome] {
        var ended: [(index: Int, failure: StorageError?)] = []
        for (index, lane) in lanes.enumerated() {
            guard let lane else { continue }
            do throws(StorageError) {
                if try read(lane, index) { ended.append((index, nil)) }
            } catch { ended.append((index, error)) }
        }
        sha256.update()
        return ended.compactMap { index, failure in
            guard let lane = lanes[index] else { return nil }
            lanes[index] = nil
            let hashes = PartHashes(sha256: sha256.finish(index), md5: lane.md5.take()?.finish())
            return (lane.request, failure.map { .failure($0) } ?? .success(hashes))
        }
    }

    /// Reads a lane's next piece; true where it is the last.
    private mutating func read(_ lane: Lane, _ index: Int) throws(StorageError) -> Bool {
        let request = lane.request
        let length = Int(min(Int64(Self.piece), request.length - lane.position))
        let start = index * Self.piece
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + length])
        let bytes = try request.source.piece(into: room, at: request.offset + lane.position)
        sha256.lend(bytes, to: index)
        lane.md5?.update(bytes)
        lane.position += Int64(bytes.count)
        guard bytes.isEmpty, length > 0 else { return lane.position == request.length }
        try request.source.endsEarly()
        return true
    }
}
